// @generated
/// Generated client implementations.
pub mod registry_service_client {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value
    )]
    use tonic::codegen::http::Uri;
    use tonic::codegen::*;
    #[derive(Debug, Clone)]
    pub struct RegistryServiceClient<T> {
        inner: tonic::client::Grpc<T>,
    }
    impl RegistryServiceClient<tonic::transport::Channel> {
        /// Attempt to create a new client by connecting to a given endpoint.
        pub async fn connect<D>(dst: D) -> Result<Self, tonic::transport::Error>
        where
            D: TryInto<tonic::transport::Endpoint>,
            D::Error: Into<StdError>,
        {
            let conn = tonic::transport::Endpoint::new(dst)?.connect().await?;
            Ok(Self::new(conn))
        }
    }
    impl<T> RegistryServiceClient<T>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<StdError>,
        T::ResponseBody: Body<Data = Bytes> + std::marker::Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + std::marker::Send,
    {
        pub fn new(inner: T) -> Self {
            let inner = tonic::client::Grpc::new(inner);
            Self { inner }
        }
        pub fn with_origin(inner: T, origin: Uri) -> Self {
            let inner = tonic::client::Grpc::with_origin(inner, origin);
            Self { inner }
        }
        pub fn with_interceptor<F>(
            inner: T,
            interceptor: F,
        ) -> RegistryServiceClient<InterceptedService<T, F>>
        where
            F: tonic::service::Interceptor,
            T::ResponseBody: Default,
            T: tonic::codegen::Service<
                    http::Request<tonic::body::Body>,
                    Response = http::Response<
                        <T as tonic::client::GrpcService<tonic::body::Body>>::ResponseBody,
                    >,
                >,
            <T as tonic::codegen::Service<http::Request<tonic::body::Body>>>::Error:
                Into<StdError> + std::marker::Send + std::marker::Sync,
        {
            RegistryServiceClient::new(InterceptedService::new(inner, interceptor))
        }
        /// Compress requests with the given encoding.
        ///
        /// This requires the server to support it otherwise it might respond with an
        /// error.
        #[must_use]
        pub fn send_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.send_compressed(encoding);
            self
        }
        /// Enable decompressing responses.
        #[must_use]
        pub fn accept_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.accept_compressed(encoding);
            self
        }
        /// Limits the maximum size of a decoded message.
        ///
        /// Default: `4MB`
        #[must_use]
        pub fn max_decoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_decoding_message_size(limit);
            self
        }
        /// Limits the maximum size of an encoded message.
        ///
        /// Default: `usize::MAX`
        #[must_use]
        pub fn max_encoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_encoding_message_size(limit);
            self
        }
        pub async fn register_instrument(
            &mut self,
            request: impl tonic::IntoRequest<super::RegisterInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::RegisterInstrumentResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/RegisterInstrument",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "RegisterInstrument",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn batch_register_instruments(
            &mut self,
            request: impl tonic::IntoRequest<super::BatchRegisterInstrumentsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::BatchRegisterInstrumentsResponse>,
            tonic::Status,
        > {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/BatchRegisterInstruments",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "BatchRegisterInstruments",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn get_instrument(
            &mut self,
            request: impl tonic::IntoRequest<super::GetInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::GetInstrumentResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/GetInstrument",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "GetInstrument",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn batch_get_instruments(
            &mut self,
            request: impl tonic::IntoRequest<super::BatchGetInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::BatchGetInstrumentsResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/BatchGetInstruments",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "BatchGetInstruments",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn resolve_instrument(
            &mut self,
            request: impl tonic::IntoRequest<super::ResolveInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::ResolveInstrumentResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/ResolveInstrument",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "ResolveInstrument",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn list_instruments(
            &mut self,
            request: impl tonic::IntoRequest<super::ListInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::ListInstrumentsResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/ListInstruments",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "ListInstruments",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn list_links(
            &mut self,
            request: impl tonic::IntoRequest<super::ListLinksRequest>,
        ) -> std::result::Result<tonic::Response<super::ListLinksResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/ListLinks",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "ListLinks",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn link_instruments(
            &mut self,
            request: impl tonic::IntoRequest<super::LinkInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::LinkInstrumentsResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/LinkInstruments",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "LinkInstruments",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn unlink_instruments(
            &mut self,
            request: impl tonic::IntoRequest<super::UnlinkInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::UnlinkInstrumentsResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/UnlinkInstruments",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "UnlinkInstruments",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn register_venue(
            &mut self,
            request: impl tonic::IntoRequest<super::RegisterVenueRequest>,
        ) -> std::result::Result<tonic::Response<super::RegisterVenueResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/RegisterVenue",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "RegisterVenue",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn get_venue(
            &mut self,
            request: impl tonic::IntoRequest<super::GetVenueRequest>,
        ) -> std::result::Result<tonic::Response<super::GetVenueResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/GetVenue",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "GetVenue",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn list_venues(
            &mut self,
            request: impl tonic::IntoRequest<super::ListVenuesRequest>,
        ) -> std::result::Result<tonic::Response<super::ListVenuesResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/ListVenues",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "ListVenues",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn watch_registry(
            &mut self,
            request: impl tonic::IntoRequest<super::WatchRegistryRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::WatchRegistryResponse>>,
            tonic::Status,
        > {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/WatchRegistry",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "WatchRegistry",
            ));
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn update_instrument(
            &mut self,
            request: impl tonic::IntoRequest<super::UpdateInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::UpdateInstrumentResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/UpdateInstrument",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "UpdateInstrument",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn delist_instrument(
            &mut self,
            request: impl tonic::IntoRequest<super::DelistInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::DelistInstrumentResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/DelistInstrument",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "DelistInstrument",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn get_instrument_history(
            &mut self,
            request: impl tonic::IntoRequest<super::GetInstrumentHistoryRequest>,
        ) -> std::result::Result<tonic::Response<super::GetInstrumentHistoryResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/GetInstrumentHistory",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "GetInstrumentHistory",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn search_instruments(
            &mut self,
            request: impl tonic::IntoRequest<super::SearchInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::SearchInstrumentsResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/SearchInstruments",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "SearchInstruments",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn batch_get_instrument_records(
            &mut self,
            request: impl tonic::IntoRequest<super::BatchGetInstrumentRecordsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::BatchGetInstrumentRecordsResponse>,
            tonic::Status,
        > {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/BatchGetInstrumentRecords",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "BatchGetInstrumentRecords",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn stream_instrument_records(
            &mut self,
            request: impl tonic::IntoRequest<super::StreamInstrumentRecordsRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::StreamInstrumentRecordsResponse>>,
            tonic::Status,
        > {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/StreamInstrumentRecords",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "StreamInstrumentRecords",
            ));
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn find_venues(
            &mut self,
            request: impl tonic::IntoRequest<super::FindVenuesRequest>,
        ) -> std::result::Result<tonic::Response<super::FindVenuesResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/FindVenues",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "FindVenues",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn update_venue(
            &mut self,
            request: impl tonic::IntoRequest<super::UpdateVenueRequest>,
        ) -> std::result::Result<tonic::Response<super::UpdateVenueResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/UpdateVenue",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "UpdateVenue",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn delete_venue(
            &mut self,
            request: impl tonic::IntoRequest<super::DeleteVenueRequest>,
        ) -> std::result::Result<tonic::Response<super::DeleteVenueResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/DeleteVenue",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "DeleteVenue",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn quote_fees(
            &mut self,
            request: impl tonic::IntoRequest<super::QuoteFeesRequest>,
        ) -> std::result::Result<tonic::Response<super::QuoteFeesResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/QuoteFees",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "QuoteFees",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn get_sessions(
            &mut self,
            request: impl tonic::IntoRequest<super::GetSessionsRequest>,
        ) -> std::result::Result<tonic::Response<super::GetSessionsResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/GetSessions",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "GetSessions",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn report_venue_metrics(
            &mut self,
            request: impl tonic::IntoRequest<super::ReportVenueMetricsRequest>,
        ) -> std::result::Result<tonic::Response<super::ReportVenueMetricsResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/ReportVenueMetrics",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "ReportVenueMetrics",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn get_venue_metrics(
            &mut self,
            request: impl tonic::IntoRequest<super::GetVenueMetricsRequest>,
        ) -> std::result::Result<tonic::Response<super::GetVenueMetricsResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/GetVenueMetrics",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "GetVenueMetrics",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn define_synthetic(
            &mut self,
            request: impl tonic::IntoRequest<super::DefineSyntheticRequest>,
        ) -> std::result::Result<tonic::Response<super::DefineSyntheticResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/DefineSynthetic",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "DefineSynthetic",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn get_synthetic(
            &mut self,
            request: impl tonic::IntoRequest<super::GetSyntheticRequest>,
        ) -> std::result::Result<tonic::Response<super::GetSyntheticResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/GetSynthetic",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "GetSynthetic",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn list_synthetics(
            &mut self,
            request: impl tonic::IntoRequest<super::ListSyntheticsRequest>,
        ) -> std::result::Result<tonic::Response<super::ListSyntheticsResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/ListSynthetics",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "ListSynthetics",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn evaluate_synthetic(
            &mut self,
            request: impl tonic::IntoRequest<super::EvaluateSyntheticRequest>,
        ) -> std::result::Result<tonic::Response<super::EvaluateSyntheticResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/EvaluateSynthetic",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "EvaluateSynthetic",
            ));
            self.inner.unary(req, path, codec).await
        }
        pub async fn route_order(
            &mut self,
            request: impl tonic::IntoRequest<super::RouteOrderRequest>,
        ) -> std::result::Result<tonic::Response<super::RouteOrderResponse>, tonic::Status>
        {
            self.inner.ready().await.map_err(|e| {
                tonic::Status::unknown(format!("Service was not ready: {}", e.into()))
            })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/alphapulse.registry.v1.RegistryService/RouteOrder",
            );
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new(
                "alphapulse.registry.v1.RegistryService",
                "RouteOrder",
            ));
            self.inner.unary(req, path, codec).await
        }
    }
}
/// Generated server implementations.
pub mod registry_service_server {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value
    )]
    use tonic::codegen::*;
    /// Generated trait containing gRPC methods that should be implemented for use with RegistryServiceServer.
    #[async_trait]
    pub trait RegistryService: std::marker::Send + std::marker::Sync + 'static {
        async fn register_instrument(
            &self,
            request: tonic::Request<super::RegisterInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::RegisterInstrumentResponse>, tonic::Status>;
        async fn batch_register_instruments(
            &self,
            request: tonic::Request<super::BatchRegisterInstrumentsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::BatchRegisterInstrumentsResponse>,
            tonic::Status,
        >;
        async fn get_instrument(
            &self,
            request: tonic::Request<super::GetInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::GetInstrumentResponse>, tonic::Status>;
        async fn batch_get_instruments(
            &self,
            request: tonic::Request<super::BatchGetInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::BatchGetInstrumentsResponse>, tonic::Status>;
        async fn resolve_instrument(
            &self,
            request: tonic::Request<super::ResolveInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::ResolveInstrumentResponse>, tonic::Status>;
        async fn list_instruments(
            &self,
            request: tonic::Request<super::ListInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::ListInstrumentsResponse>, tonic::Status>;
        async fn list_links(
            &self,
            request: tonic::Request<super::ListLinksRequest>,
        ) -> std::result::Result<tonic::Response<super::ListLinksResponse>, tonic::Status>;
        async fn link_instruments(
            &self,
            request: tonic::Request<super::LinkInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::LinkInstrumentsResponse>, tonic::Status>;
        async fn unlink_instruments(
            &self,
            request: tonic::Request<super::UnlinkInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::UnlinkInstrumentsResponse>, tonic::Status>;
        async fn register_venue(
            &self,
            request: tonic::Request<super::RegisterVenueRequest>,
        ) -> std::result::Result<tonic::Response<super::RegisterVenueResponse>, tonic::Status>;
        async fn get_venue(
            &self,
            request: tonic::Request<super::GetVenueRequest>,
        ) -> std::result::Result<tonic::Response<super::GetVenueResponse>, tonic::Status>;
        async fn list_venues(
            &self,
            request: tonic::Request<super::ListVenuesRequest>,
        ) -> std::result::Result<tonic::Response<super::ListVenuesResponse>, tonic::Status>;
        /// Server streaming response type for the WatchRegistry method.
        type WatchRegistryStream: tonic::codegen::tokio_stream::Stream<
                Item = std::result::Result<super::WatchRegistryResponse, tonic::Status>,
            > + std::marker::Send
            + 'static;
        async fn watch_registry(
            &self,
            request: tonic::Request<super::WatchRegistryRequest>,
        ) -> std::result::Result<tonic::Response<Self::WatchRegistryStream>, tonic::Status>;
        async fn update_instrument(
            &self,
            request: tonic::Request<super::UpdateInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::UpdateInstrumentResponse>, tonic::Status>;
        async fn delist_instrument(
            &self,
            request: tonic::Request<super::DelistInstrumentRequest>,
        ) -> std::result::Result<tonic::Response<super::DelistInstrumentResponse>, tonic::Status>;
        async fn get_instrument_history(
            &self,
            request: tonic::Request<super::GetInstrumentHistoryRequest>,
        ) -> std::result::Result<tonic::Response<super::GetInstrumentHistoryResponse>, tonic::Status>;
        async fn search_instruments(
            &self,
            request: tonic::Request<super::SearchInstrumentsRequest>,
        ) -> std::result::Result<tonic::Response<super::SearchInstrumentsResponse>, tonic::Status>;
        async fn batch_get_instrument_records(
            &self,
            request: tonic::Request<super::BatchGetInstrumentRecordsRequest>,
        ) -> std::result::Result<
            tonic::Response<super::BatchGetInstrumentRecordsResponse>,
            tonic::Status,
        >;
        /// Server streaming response type for the StreamInstrumentRecords method.
        type StreamInstrumentRecordsStream: tonic::codegen::tokio_stream::Stream<
                Item = std::result::Result<super::StreamInstrumentRecordsResponse, tonic::Status>,
            > + std::marker::Send
            + 'static;
        async fn stream_instrument_records(
            &self,
            request: tonic::Request<super::StreamInstrumentRecordsRequest>,
        ) -> std::result::Result<tonic::Response<Self::StreamInstrumentRecordsStream>, tonic::Status>;
        async fn find_venues(
            &self,
            request: tonic::Request<super::FindVenuesRequest>,
        ) -> std::result::Result<tonic::Response<super::FindVenuesResponse>, tonic::Status>;
        async fn update_venue(
            &self,
            request: tonic::Request<super::UpdateVenueRequest>,
        ) -> std::result::Result<tonic::Response<super::UpdateVenueResponse>, tonic::Status>;
        async fn delete_venue(
            &self,
            request: tonic::Request<super::DeleteVenueRequest>,
        ) -> std::result::Result<tonic::Response<super::DeleteVenueResponse>, tonic::Status>;
        async fn quote_fees(
            &self,
            request: tonic::Request<super::QuoteFeesRequest>,
        ) -> std::result::Result<tonic::Response<super::QuoteFeesResponse>, tonic::Status>;
        async fn get_sessions(
            &self,
            request: tonic::Request<super::GetSessionsRequest>,
        ) -> std::result::Result<tonic::Response<super::GetSessionsResponse>, tonic::Status>;
        async fn report_venue_metrics(
            &self,
            request: tonic::Request<super::ReportVenueMetricsRequest>,
        ) -> std::result::Result<tonic::Response<super::ReportVenueMetricsResponse>, tonic::Status>;
        async fn get_venue_metrics(
            &self,
            request: tonic::Request<super::GetVenueMetricsRequest>,
        ) -> std::result::Result<tonic::Response<super::GetVenueMetricsResponse>, tonic::Status>;
        async fn define_synthetic(
            &self,
            request: tonic::Request<super::DefineSyntheticRequest>,
        ) -> std::result::Result<tonic::Response<super::DefineSyntheticResponse>, tonic::Status>;
        async fn get_synthetic(
            &self,
            request: tonic::Request<super::GetSyntheticRequest>,
        ) -> std::result::Result<tonic::Response<super::GetSyntheticResponse>, tonic::Status>;
        async fn list_synthetics(
            &self,
            request: tonic::Request<super::ListSyntheticsRequest>,
        ) -> std::result::Result<tonic::Response<super::ListSyntheticsResponse>, tonic::Status>;
        async fn evaluate_synthetic(
            &self,
            request: tonic::Request<super::EvaluateSyntheticRequest>,
        ) -> std::result::Result<tonic::Response<super::EvaluateSyntheticResponse>, tonic::Status>;
        async fn route_order(
            &self,
            request: tonic::Request<super::RouteOrderRequest>,
        ) -> std::result::Result<tonic::Response<super::RouteOrderResponse>, tonic::Status>;
    }
    #[derive(Debug)]
    pub struct RegistryServiceServer<T> {
        inner: Arc<T>,
        accept_compression_encodings: EnabledCompressionEncodings,
        send_compression_encodings: EnabledCompressionEncodings,
        max_decoding_message_size: Option<usize>,
        max_encoding_message_size: Option<usize>,
    }
    impl<T> RegistryServiceServer<T> {
        pub fn new(inner: T) -> Self {
            Self::from_arc(Arc::new(inner))
        }
        pub fn from_arc(inner: Arc<T>) -> Self {
            Self {
                inner,
                accept_compression_encodings: Default::default(),
                send_compression_encodings: Default::default(),
                max_decoding_message_size: None,
                max_encoding_message_size: None,
            }
        }
        pub fn with_interceptor<F>(inner: T, interceptor: F) -> InterceptedService<Self, F>
        where
            F: tonic::service::Interceptor,
        {
            InterceptedService::new(Self::new(inner), interceptor)
        }
        /// Enable decompressing requests with the given encoding.
        #[must_use]
        pub fn accept_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.accept_compression_encodings.enable(encoding);
            self
        }
        /// Compress responses with the given encoding, if the client supports it.
        #[must_use]
        pub fn send_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.send_compression_encodings.enable(encoding);
            self
        }
        /// Limits the maximum size of a decoded message.
        ///
        /// Default: `4MB`
        #[must_use]
        pub fn max_decoding_message_size(mut self, limit: usize) -> Self {
            self.max_decoding_message_size = Some(limit);
            self
        }
        /// Limits the maximum size of an encoded message.
        ///
        /// Default: `usize::MAX`
        #[must_use]
        pub fn max_encoding_message_size(mut self, limit: usize) -> Self {
            self.max_encoding_message_size = Some(limit);
            self
        }
    }
    impl<T, B> tonic::codegen::Service<http::Request<B>> for RegistryServiceServer<T>
    where
        T: RegistryService,
        B: Body + std::marker::Send + 'static,
        B::Error: Into<StdError> + std::marker::Send + 'static,
    {
        type Response = http::Response<tonic::body::Body>;
        type Error = std::convert::Infallible;
        type Future = BoxFuture<Self::Response, Self::Error>;
        fn poll_ready(
            &mut self,
            _cx: &mut Context<'_>,
        ) -> Poll<std::result::Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, req: http::Request<B>) -> Self::Future {
            match req.uri().path() {
                "/alphapulse.registry.v1.RegistryService/RegisterInstrument" => {
                    #[allow(non_camel_case_types)]
                    struct RegisterInstrumentSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::RegisterInstrumentRequest>
                        for RegisterInstrumentSvc<T>
                    {
                        type Response = super::RegisterInstrumentResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::RegisterInstrumentRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::register_instrument(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = RegisterInstrumentSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/BatchRegisterInstruments" => {
                    #[allow(non_camel_case_types)]
                    struct BatchRegisterInstrumentsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::BatchRegisterInstrumentsRequest>
                        for BatchRegisterInstrumentsSvc<T>
                    {
                        type Response = super::BatchRegisterInstrumentsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::BatchRegisterInstrumentsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::batch_register_instruments(&inner, request)
                                    .await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = BatchRegisterInstrumentsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/GetInstrument" => {
                    #[allow(non_camel_case_types)]
                    struct GetInstrumentSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::GetInstrumentRequest>
                        for GetInstrumentSvc<T>
                    {
                        type Response = super::GetInstrumentResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::GetInstrumentRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::get_instrument(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = GetInstrumentSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/BatchGetInstruments" => {
                    #[allow(non_camel_case_types)]
                    struct BatchGetInstrumentsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::BatchGetInstrumentsRequest>
                        for BatchGetInstrumentsSvc<T>
                    {
                        type Response = super::BatchGetInstrumentsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::BatchGetInstrumentsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::batch_get_instruments(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = BatchGetInstrumentsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/ResolveInstrument" => {
                    #[allow(non_camel_case_types)]
                    struct ResolveInstrumentSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::ResolveInstrumentRequest>
                        for ResolveInstrumentSvc<T>
                    {
                        type Response = super::ResolveInstrumentResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ResolveInstrumentRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::resolve_instrument(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ResolveInstrumentSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/ListInstruments" => {
                    #[allow(non_camel_case_types)]
                    struct ListInstrumentsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::ListInstrumentsRequest>
                        for ListInstrumentsSvc<T>
                    {
                        type Response = super::ListInstrumentsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ListInstrumentsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::list_instruments(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListInstrumentsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/ListLinks" => {
                    #[allow(non_camel_case_types)]
                    struct ListLinksSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::ListLinksRequest> for ListLinksSvc<T> {
                        type Response = super::ListLinksResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ListLinksRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::list_links(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListLinksSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/LinkInstruments" => {
                    #[allow(non_camel_case_types)]
                    struct LinkInstrumentsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::LinkInstrumentsRequest>
                        for LinkInstrumentsSvc<T>
                    {
                        type Response = super::LinkInstrumentsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::LinkInstrumentsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::link_instruments(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = LinkInstrumentsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/UnlinkInstruments" => {
                    #[allow(non_camel_case_types)]
                    struct UnlinkInstrumentsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::UnlinkInstrumentsRequest>
                        for UnlinkInstrumentsSvc<T>
                    {
                        type Response = super::UnlinkInstrumentsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::UnlinkInstrumentsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::unlink_instruments(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = UnlinkInstrumentsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/RegisterVenue" => {
                    #[allow(non_camel_case_types)]
                    struct RegisterVenueSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::RegisterVenueRequest>
                        for RegisterVenueSvc<T>
                    {
                        type Response = super::RegisterVenueResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::RegisterVenueRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::register_venue(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = RegisterVenueSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/GetVenue" => {
                    #[allow(non_camel_case_types)]
                    struct GetVenueSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::GetVenueRequest> for GetVenueSvc<T> {
                        type Response = super::GetVenueResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::GetVenueRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::get_venue(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = GetVenueSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/ListVenues" => {
                    #[allow(non_camel_case_types)]
                    struct ListVenuesSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::ListVenuesRequest>
                        for ListVenuesSvc<T>
                    {
                        type Response = super::ListVenuesResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ListVenuesRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::list_venues(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListVenuesSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/WatchRegistry" => {
                    #[allow(non_camel_case_types)]
                    struct WatchRegistrySvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::ServerStreamingService<super::WatchRegistryRequest>
                        for WatchRegistrySvc<T>
                    {
                        type Response = super::WatchRegistryResponse;
                        type ResponseStream = T::WatchRegistryStream;
                        type Future =
                            BoxFuture<tonic::Response<Self::ResponseStream>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::WatchRegistryRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::watch_registry(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = WatchRegistrySvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.server_streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/UpdateInstrument" => {
                    #[allow(non_camel_case_types)]
                    struct UpdateInstrumentSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::UpdateInstrumentRequest>
                        for UpdateInstrumentSvc<T>
                    {
                        type Response = super::UpdateInstrumentResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::UpdateInstrumentRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::update_instrument(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = UpdateInstrumentSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/DelistInstrument" => {
                    #[allow(non_camel_case_types)]
                    struct DelistInstrumentSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::DelistInstrumentRequest>
                        for DelistInstrumentSvc<T>
                    {
                        type Response = super::DelistInstrumentResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::DelistInstrumentRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::delist_instrument(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = DelistInstrumentSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/GetInstrumentHistory" => {
                    #[allow(non_camel_case_types)]
                    struct GetInstrumentHistorySvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::GetInstrumentHistoryRequest>
                        for GetInstrumentHistorySvc<T>
                    {
                        type Response = super::GetInstrumentHistoryResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::GetInstrumentHistoryRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::get_instrument_history(&inner, request)
                                    .await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = GetInstrumentHistorySvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/SearchInstruments" => {
                    #[allow(non_camel_case_types)]
                    struct SearchInstrumentsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::SearchInstrumentsRequest>
                        for SearchInstrumentsSvc<T>
                    {
                        type Response = super::SearchInstrumentsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::SearchInstrumentsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::search_instruments(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = SearchInstrumentsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/BatchGetInstrumentRecords" => {
                    #[allow(non_camel_case_types)]
                    struct BatchGetInstrumentRecordsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::BatchGetInstrumentRecordsRequest>
                        for BatchGetInstrumentRecordsSvc<T>
                    {
                        type Response = super::BatchGetInstrumentRecordsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::BatchGetInstrumentRecordsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::batch_get_instrument_records(
                                    &inner, request,
                                )
                                .await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = BatchGetInstrumentRecordsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/StreamInstrumentRecords" => {
                    #[allow(non_camel_case_types)]
                    struct StreamInstrumentRecordsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::ServerStreamingService<super::StreamInstrumentRecordsRequest>
                        for StreamInstrumentRecordsSvc<T>
                    {
                        type Response = super::StreamInstrumentRecordsResponse;
                        type ResponseStream = T::StreamInstrumentRecordsStream;
                        type Future =
                            BoxFuture<tonic::Response<Self::ResponseStream>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::StreamInstrumentRecordsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::stream_instrument_records(&inner, request)
                                    .await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = StreamInstrumentRecordsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.server_streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/FindVenues" => {
                    #[allow(non_camel_case_types)]
                    struct FindVenuesSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::FindVenuesRequest>
                        for FindVenuesSvc<T>
                    {
                        type Response = super::FindVenuesResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::FindVenuesRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::find_venues(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = FindVenuesSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/UpdateVenue" => {
                    #[allow(non_camel_case_types)]
                    struct UpdateVenueSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::UpdateVenueRequest>
                        for UpdateVenueSvc<T>
                    {
                        type Response = super::UpdateVenueResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::UpdateVenueRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::update_venue(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = UpdateVenueSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/DeleteVenue" => {
                    #[allow(non_camel_case_types)]
                    struct DeleteVenueSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::DeleteVenueRequest>
                        for DeleteVenueSvc<T>
                    {
                        type Response = super::DeleteVenueResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::DeleteVenueRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::delete_venue(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = DeleteVenueSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/QuoteFees" => {
                    #[allow(non_camel_case_types)]
                    struct QuoteFeesSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::QuoteFeesRequest> for QuoteFeesSvc<T> {
                        type Response = super::QuoteFeesResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::QuoteFeesRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::quote_fees(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = QuoteFeesSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/GetSessions" => {
                    #[allow(non_camel_case_types)]
                    struct GetSessionsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::GetSessionsRequest>
                        for GetSessionsSvc<T>
                    {
                        type Response = super::GetSessionsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::GetSessionsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::get_sessions(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = GetSessionsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/ReportVenueMetrics" => {
                    #[allow(non_camel_case_types)]
                    struct ReportVenueMetricsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::ReportVenueMetricsRequest>
                        for ReportVenueMetricsSvc<T>
                    {
                        type Response = super::ReportVenueMetricsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ReportVenueMetricsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::report_venue_metrics(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ReportVenueMetricsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/GetVenueMetrics" => {
                    #[allow(non_camel_case_types)]
                    struct GetVenueMetricsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::GetVenueMetricsRequest>
                        for GetVenueMetricsSvc<T>
                    {
                        type Response = super::GetVenueMetricsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::GetVenueMetricsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::get_venue_metrics(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = GetVenueMetricsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/DefineSynthetic" => {
                    #[allow(non_camel_case_types)]
                    struct DefineSyntheticSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::DefineSyntheticRequest>
                        for DefineSyntheticSvc<T>
                    {
                        type Response = super::DefineSyntheticResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::DefineSyntheticRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::define_synthetic(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = DefineSyntheticSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/GetSynthetic" => {
                    #[allow(non_camel_case_types)]
                    struct GetSyntheticSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::GetSyntheticRequest>
                        for GetSyntheticSvc<T>
                    {
                        type Response = super::GetSyntheticResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::GetSyntheticRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::get_synthetic(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = GetSyntheticSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/ListSynthetics" => {
                    #[allow(non_camel_case_types)]
                    struct ListSyntheticsSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::ListSyntheticsRequest>
                        for ListSyntheticsSvc<T>
                    {
                        type Response = super::ListSyntheticsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::ListSyntheticsRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::list_synthetics(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ListSyntheticsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/EvaluateSynthetic" => {
                    #[allow(non_camel_case_types)]
                    struct EvaluateSyntheticSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService>
                        tonic::server::UnaryService<super::EvaluateSyntheticRequest>
                        for EvaluateSyntheticSvc<T>
                    {
                        type Response = super::EvaluateSyntheticResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::EvaluateSyntheticRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::evaluate_synthetic(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = EvaluateSyntheticSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/alphapulse.registry.v1.RegistryService/RouteOrder" => {
                    #[allow(non_camel_case_types)]
                    struct RouteOrderSvc<T: RegistryService>(pub Arc<T>);
                    impl<T: RegistryService> tonic::server::UnaryService<super::RouteOrderRequest>
                        for RouteOrderSvc<T>
                    {
                        type Response = super::RouteOrderResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(
                            &mut self,
                            request: tonic::Request<super::RouteOrderRequest>,
                        ) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move {
                                <T as RegistryService>::route_order(&inner, request).await
                            };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = RouteOrderSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(
                                accept_compression_encodings,
                                send_compression_encodings,
                            )
                            .apply_max_message_size_config(
                                max_decoding_message_size,
                                max_encoding_message_size,
                            );
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                _ => Box::pin(async move {
                    let mut response = http::Response::new(tonic::body::Body::default());
                    let headers = response.headers_mut();
                    headers.insert(
                        tonic::Status::GRPC_STATUS,
                        (tonic::Code::Unimplemented as i32).into(),
                    );
                    headers.insert(
                        http::header::CONTENT_TYPE,
                        tonic::metadata::GRPC_CONTENT_TYPE,
                    );
                    Ok(response)
                }),
            }
        }
    }
    impl<T> Clone for RegistryServiceServer<T> {
        fn clone(&self) -> Self {
            let inner = self.inner.clone();
            Self {
                inner,
                accept_compression_encodings: self.accept_compression_encodings,
                send_compression_encodings: self.send_compression_encodings,
                max_decoding_message_size: self.max_decoding_message_size,
                max_encoding_message_size: self.max_encoding_message_size,
            }
        }
    }
    /// Generated gRPC service name
    pub const SERVICE_NAME: &str = "alphapulse.registry.v1.RegistryService";
    impl<T> tonic::server::NamedService for RegistryServiceServer<T> {
        const NAME: &'static str = SERVICE_NAME;
    }
}

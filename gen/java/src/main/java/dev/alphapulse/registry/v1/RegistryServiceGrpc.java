package dev.alphapulse.registry.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Instruments, venues and the links between them. Every answer carries the revision that it was
 * read at; every request may ask for a revision that must have been reached.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class RegistryServiceGrpc {

  private RegistryServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "alphapulse.registry.v1.RegistryService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.RegisterInstrumentRequest,
      dev.alphapulse.registry.v1.RegisterInstrumentResponse> getRegisterInstrumentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RegisterInstrument",
      requestType = dev.alphapulse.registry.v1.RegisterInstrumentRequest.class,
      responseType = dev.alphapulse.registry.v1.RegisterInstrumentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.RegisterInstrumentRequest,
      dev.alphapulse.registry.v1.RegisterInstrumentResponse> getRegisterInstrumentMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.RegisterInstrumentRequest, dev.alphapulse.registry.v1.RegisterInstrumentResponse> getRegisterInstrumentMethod;
    if ((getRegisterInstrumentMethod = RegistryServiceGrpc.getRegisterInstrumentMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getRegisterInstrumentMethod = RegistryServiceGrpc.getRegisterInstrumentMethod) == null) {
          RegistryServiceGrpc.getRegisterInstrumentMethod = getRegisterInstrumentMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.RegisterInstrumentRequest, dev.alphapulse.registry.v1.RegisterInstrumentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RegisterInstrument"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.RegisterInstrumentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.RegisterInstrumentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("RegisterInstrument"))
              .build();
        }
      }
    }
    return getRegisterInstrumentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest,
      dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse> getBatchRegisterInstrumentsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchRegisterInstruments",
      requestType = dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest.class,
      responseType = dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest,
      dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse> getBatchRegisterInstrumentsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest, dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse> getBatchRegisterInstrumentsMethod;
    if ((getBatchRegisterInstrumentsMethod = RegistryServiceGrpc.getBatchRegisterInstrumentsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getBatchRegisterInstrumentsMethod = RegistryServiceGrpc.getBatchRegisterInstrumentsMethod) == null) {
          RegistryServiceGrpc.getBatchRegisterInstrumentsMethod = getBatchRegisterInstrumentsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest, dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchRegisterInstruments"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("BatchRegisterInstruments"))
              .build();
        }
      }
    }
    return getBatchRegisterInstrumentsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetInstrumentRequest,
      dev.alphapulse.registry.v1.GetInstrumentResponse> getGetInstrumentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetInstrument",
      requestType = dev.alphapulse.registry.v1.GetInstrumentRequest.class,
      responseType = dev.alphapulse.registry.v1.GetInstrumentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetInstrumentRequest,
      dev.alphapulse.registry.v1.GetInstrumentResponse> getGetInstrumentMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetInstrumentRequest, dev.alphapulse.registry.v1.GetInstrumentResponse> getGetInstrumentMethod;
    if ((getGetInstrumentMethod = RegistryServiceGrpc.getGetInstrumentMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getGetInstrumentMethod = RegistryServiceGrpc.getGetInstrumentMethod) == null) {
          RegistryServiceGrpc.getGetInstrumentMethod = getGetInstrumentMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.GetInstrumentRequest, dev.alphapulse.registry.v1.GetInstrumentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetInstrument"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetInstrumentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetInstrumentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("GetInstrument"))
              .build();
        }
      }
    }
    return getGetInstrumentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.BatchGetInstrumentsRequest,
      dev.alphapulse.registry.v1.BatchGetInstrumentsResponse> getBatchGetInstrumentsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchGetInstruments",
      requestType = dev.alphapulse.registry.v1.BatchGetInstrumentsRequest.class,
      responseType = dev.alphapulse.registry.v1.BatchGetInstrumentsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.BatchGetInstrumentsRequest,
      dev.alphapulse.registry.v1.BatchGetInstrumentsResponse> getBatchGetInstrumentsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.BatchGetInstrumentsRequest, dev.alphapulse.registry.v1.BatchGetInstrumentsResponse> getBatchGetInstrumentsMethod;
    if ((getBatchGetInstrumentsMethod = RegistryServiceGrpc.getBatchGetInstrumentsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getBatchGetInstrumentsMethod = RegistryServiceGrpc.getBatchGetInstrumentsMethod) == null) {
          RegistryServiceGrpc.getBatchGetInstrumentsMethod = getBatchGetInstrumentsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.BatchGetInstrumentsRequest, dev.alphapulse.registry.v1.BatchGetInstrumentsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchGetInstruments"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.BatchGetInstrumentsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.BatchGetInstrumentsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("BatchGetInstruments"))
              .build();
        }
      }
    }
    return getBatchGetInstrumentsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ResolveInstrumentRequest,
      dev.alphapulse.registry.v1.ResolveInstrumentResponse> getResolveInstrumentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResolveInstrument",
      requestType = dev.alphapulse.registry.v1.ResolveInstrumentRequest.class,
      responseType = dev.alphapulse.registry.v1.ResolveInstrumentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ResolveInstrumentRequest,
      dev.alphapulse.registry.v1.ResolveInstrumentResponse> getResolveInstrumentMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ResolveInstrumentRequest, dev.alphapulse.registry.v1.ResolveInstrumentResponse> getResolveInstrumentMethod;
    if ((getResolveInstrumentMethod = RegistryServiceGrpc.getResolveInstrumentMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getResolveInstrumentMethod = RegistryServiceGrpc.getResolveInstrumentMethod) == null) {
          RegistryServiceGrpc.getResolveInstrumentMethod = getResolveInstrumentMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.ResolveInstrumentRequest, dev.alphapulse.registry.v1.ResolveInstrumentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResolveInstrument"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ResolveInstrumentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ResolveInstrumentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("ResolveInstrument"))
              .build();
        }
      }
    }
    return getResolveInstrumentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListInstrumentsRequest,
      dev.alphapulse.registry.v1.ListInstrumentsResponse> getListInstrumentsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListInstruments",
      requestType = dev.alphapulse.registry.v1.ListInstrumentsRequest.class,
      responseType = dev.alphapulse.registry.v1.ListInstrumentsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListInstrumentsRequest,
      dev.alphapulse.registry.v1.ListInstrumentsResponse> getListInstrumentsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListInstrumentsRequest, dev.alphapulse.registry.v1.ListInstrumentsResponse> getListInstrumentsMethod;
    if ((getListInstrumentsMethod = RegistryServiceGrpc.getListInstrumentsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getListInstrumentsMethod = RegistryServiceGrpc.getListInstrumentsMethod) == null) {
          RegistryServiceGrpc.getListInstrumentsMethod = getListInstrumentsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.ListInstrumentsRequest, dev.alphapulse.registry.v1.ListInstrumentsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListInstruments"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ListInstrumentsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ListInstrumentsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("ListInstruments"))
              .build();
        }
      }
    }
    return getListInstrumentsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListLinksRequest,
      dev.alphapulse.registry.v1.ListLinksResponse> getListLinksMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListLinks",
      requestType = dev.alphapulse.registry.v1.ListLinksRequest.class,
      responseType = dev.alphapulse.registry.v1.ListLinksResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListLinksRequest,
      dev.alphapulse.registry.v1.ListLinksResponse> getListLinksMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListLinksRequest, dev.alphapulse.registry.v1.ListLinksResponse> getListLinksMethod;
    if ((getListLinksMethod = RegistryServiceGrpc.getListLinksMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getListLinksMethod = RegistryServiceGrpc.getListLinksMethod) == null) {
          RegistryServiceGrpc.getListLinksMethod = getListLinksMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.ListLinksRequest, dev.alphapulse.registry.v1.ListLinksResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListLinks"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ListLinksRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ListLinksResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("ListLinks"))
              .build();
        }
      }
    }
    return getListLinksMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.LinkInstrumentsRequest,
      dev.alphapulse.registry.v1.LinkInstrumentsResponse> getLinkInstrumentsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "LinkInstruments",
      requestType = dev.alphapulse.registry.v1.LinkInstrumentsRequest.class,
      responseType = dev.alphapulse.registry.v1.LinkInstrumentsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.LinkInstrumentsRequest,
      dev.alphapulse.registry.v1.LinkInstrumentsResponse> getLinkInstrumentsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.LinkInstrumentsRequest, dev.alphapulse.registry.v1.LinkInstrumentsResponse> getLinkInstrumentsMethod;
    if ((getLinkInstrumentsMethod = RegistryServiceGrpc.getLinkInstrumentsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getLinkInstrumentsMethod = RegistryServiceGrpc.getLinkInstrumentsMethod) == null) {
          RegistryServiceGrpc.getLinkInstrumentsMethod = getLinkInstrumentsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.LinkInstrumentsRequest, dev.alphapulse.registry.v1.LinkInstrumentsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "LinkInstruments"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.LinkInstrumentsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.LinkInstrumentsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("LinkInstruments"))
              .build();
        }
      }
    }
    return getLinkInstrumentsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.UnlinkInstrumentsRequest,
      dev.alphapulse.registry.v1.UnlinkInstrumentsResponse> getUnlinkInstrumentsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UnlinkInstruments",
      requestType = dev.alphapulse.registry.v1.UnlinkInstrumentsRequest.class,
      responseType = dev.alphapulse.registry.v1.UnlinkInstrumentsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.UnlinkInstrumentsRequest,
      dev.alphapulse.registry.v1.UnlinkInstrumentsResponse> getUnlinkInstrumentsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.UnlinkInstrumentsRequest, dev.alphapulse.registry.v1.UnlinkInstrumentsResponse> getUnlinkInstrumentsMethod;
    if ((getUnlinkInstrumentsMethod = RegistryServiceGrpc.getUnlinkInstrumentsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getUnlinkInstrumentsMethod = RegistryServiceGrpc.getUnlinkInstrumentsMethod) == null) {
          RegistryServiceGrpc.getUnlinkInstrumentsMethod = getUnlinkInstrumentsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.UnlinkInstrumentsRequest, dev.alphapulse.registry.v1.UnlinkInstrumentsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UnlinkInstruments"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.UnlinkInstrumentsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.UnlinkInstrumentsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("UnlinkInstruments"))
              .build();
        }
      }
    }
    return getUnlinkInstrumentsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.RegisterVenueRequest,
      dev.alphapulse.registry.v1.RegisterVenueResponse> getRegisterVenueMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RegisterVenue",
      requestType = dev.alphapulse.registry.v1.RegisterVenueRequest.class,
      responseType = dev.alphapulse.registry.v1.RegisterVenueResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.RegisterVenueRequest,
      dev.alphapulse.registry.v1.RegisterVenueResponse> getRegisterVenueMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.RegisterVenueRequest, dev.alphapulse.registry.v1.RegisterVenueResponse> getRegisterVenueMethod;
    if ((getRegisterVenueMethod = RegistryServiceGrpc.getRegisterVenueMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getRegisterVenueMethod = RegistryServiceGrpc.getRegisterVenueMethod) == null) {
          RegistryServiceGrpc.getRegisterVenueMethod = getRegisterVenueMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.RegisterVenueRequest, dev.alphapulse.registry.v1.RegisterVenueResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RegisterVenue"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.RegisterVenueRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.RegisterVenueResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("RegisterVenue"))
              .build();
        }
      }
    }
    return getRegisterVenueMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetVenueRequest,
      dev.alphapulse.registry.v1.GetVenueResponse> getGetVenueMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetVenue",
      requestType = dev.alphapulse.registry.v1.GetVenueRequest.class,
      responseType = dev.alphapulse.registry.v1.GetVenueResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetVenueRequest,
      dev.alphapulse.registry.v1.GetVenueResponse> getGetVenueMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetVenueRequest, dev.alphapulse.registry.v1.GetVenueResponse> getGetVenueMethod;
    if ((getGetVenueMethod = RegistryServiceGrpc.getGetVenueMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getGetVenueMethod = RegistryServiceGrpc.getGetVenueMethod) == null) {
          RegistryServiceGrpc.getGetVenueMethod = getGetVenueMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.GetVenueRequest, dev.alphapulse.registry.v1.GetVenueResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetVenue"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetVenueRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetVenueResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("GetVenue"))
              .build();
        }
      }
    }
    return getGetVenueMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListVenuesRequest,
      dev.alphapulse.registry.v1.ListVenuesResponse> getListVenuesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListVenues",
      requestType = dev.alphapulse.registry.v1.ListVenuesRequest.class,
      responseType = dev.alphapulse.registry.v1.ListVenuesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListVenuesRequest,
      dev.alphapulse.registry.v1.ListVenuesResponse> getListVenuesMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListVenuesRequest, dev.alphapulse.registry.v1.ListVenuesResponse> getListVenuesMethod;
    if ((getListVenuesMethod = RegistryServiceGrpc.getListVenuesMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getListVenuesMethod = RegistryServiceGrpc.getListVenuesMethod) == null) {
          RegistryServiceGrpc.getListVenuesMethod = getListVenuesMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.ListVenuesRequest, dev.alphapulse.registry.v1.ListVenuesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListVenues"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ListVenuesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ListVenuesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("ListVenues"))
              .build();
        }
      }
    }
    return getListVenuesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.WatchRegistryRequest,
      dev.alphapulse.registry.v1.WatchRegistryResponse> getWatchRegistryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchRegistry",
      requestType = dev.alphapulse.registry.v1.WatchRegistryRequest.class,
      responseType = dev.alphapulse.registry.v1.WatchRegistryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.WatchRegistryRequest,
      dev.alphapulse.registry.v1.WatchRegistryResponse> getWatchRegistryMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.WatchRegistryRequest, dev.alphapulse.registry.v1.WatchRegistryResponse> getWatchRegistryMethod;
    if ((getWatchRegistryMethod = RegistryServiceGrpc.getWatchRegistryMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getWatchRegistryMethod = RegistryServiceGrpc.getWatchRegistryMethod) == null) {
          RegistryServiceGrpc.getWatchRegistryMethod = getWatchRegistryMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.WatchRegistryRequest, dev.alphapulse.registry.v1.WatchRegistryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchRegistry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.WatchRegistryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.WatchRegistryResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("WatchRegistry"))
              .build();
        }
      }
    }
    return getWatchRegistryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.UpdateInstrumentRequest,
      dev.alphapulse.registry.v1.UpdateInstrumentResponse> getUpdateInstrumentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateInstrument",
      requestType = dev.alphapulse.registry.v1.UpdateInstrumentRequest.class,
      responseType = dev.alphapulse.registry.v1.UpdateInstrumentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.UpdateInstrumentRequest,
      dev.alphapulse.registry.v1.UpdateInstrumentResponse> getUpdateInstrumentMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.UpdateInstrumentRequest, dev.alphapulse.registry.v1.UpdateInstrumentResponse> getUpdateInstrumentMethod;
    if ((getUpdateInstrumentMethod = RegistryServiceGrpc.getUpdateInstrumentMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getUpdateInstrumentMethod = RegistryServiceGrpc.getUpdateInstrumentMethod) == null) {
          RegistryServiceGrpc.getUpdateInstrumentMethod = getUpdateInstrumentMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.UpdateInstrumentRequest, dev.alphapulse.registry.v1.UpdateInstrumentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateInstrument"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.UpdateInstrumentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.UpdateInstrumentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("UpdateInstrument"))
              .build();
        }
      }
    }
    return getUpdateInstrumentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.DelistInstrumentRequest,
      dev.alphapulse.registry.v1.DelistInstrumentResponse> getDelistInstrumentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DelistInstrument",
      requestType = dev.alphapulse.registry.v1.DelistInstrumentRequest.class,
      responseType = dev.alphapulse.registry.v1.DelistInstrumentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.DelistInstrumentRequest,
      dev.alphapulse.registry.v1.DelistInstrumentResponse> getDelistInstrumentMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.DelistInstrumentRequest, dev.alphapulse.registry.v1.DelistInstrumentResponse> getDelistInstrumentMethod;
    if ((getDelistInstrumentMethod = RegistryServiceGrpc.getDelistInstrumentMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getDelistInstrumentMethod = RegistryServiceGrpc.getDelistInstrumentMethod) == null) {
          RegistryServiceGrpc.getDelistInstrumentMethod = getDelistInstrumentMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.DelistInstrumentRequest, dev.alphapulse.registry.v1.DelistInstrumentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DelistInstrument"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.DelistInstrumentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.DelistInstrumentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("DelistInstrument"))
              .build();
        }
      }
    }
    return getDelistInstrumentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetInstrumentHistoryRequest,
      dev.alphapulse.registry.v1.GetInstrumentHistoryResponse> getGetInstrumentHistoryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetInstrumentHistory",
      requestType = dev.alphapulse.registry.v1.GetInstrumentHistoryRequest.class,
      responseType = dev.alphapulse.registry.v1.GetInstrumentHistoryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetInstrumentHistoryRequest,
      dev.alphapulse.registry.v1.GetInstrumentHistoryResponse> getGetInstrumentHistoryMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetInstrumentHistoryRequest, dev.alphapulse.registry.v1.GetInstrumentHistoryResponse> getGetInstrumentHistoryMethod;
    if ((getGetInstrumentHistoryMethod = RegistryServiceGrpc.getGetInstrumentHistoryMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getGetInstrumentHistoryMethod = RegistryServiceGrpc.getGetInstrumentHistoryMethod) == null) {
          RegistryServiceGrpc.getGetInstrumentHistoryMethod = getGetInstrumentHistoryMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.GetInstrumentHistoryRequest, dev.alphapulse.registry.v1.GetInstrumentHistoryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetInstrumentHistory"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetInstrumentHistoryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetInstrumentHistoryResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("GetInstrumentHistory"))
              .build();
        }
      }
    }
    return getGetInstrumentHistoryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.SearchInstrumentsRequest,
      dev.alphapulse.registry.v1.SearchInstrumentsResponse> getSearchInstrumentsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SearchInstruments",
      requestType = dev.alphapulse.registry.v1.SearchInstrumentsRequest.class,
      responseType = dev.alphapulse.registry.v1.SearchInstrumentsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.SearchInstrumentsRequest,
      dev.alphapulse.registry.v1.SearchInstrumentsResponse> getSearchInstrumentsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.SearchInstrumentsRequest, dev.alphapulse.registry.v1.SearchInstrumentsResponse> getSearchInstrumentsMethod;
    if ((getSearchInstrumentsMethod = RegistryServiceGrpc.getSearchInstrumentsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getSearchInstrumentsMethod = RegistryServiceGrpc.getSearchInstrumentsMethod) == null) {
          RegistryServiceGrpc.getSearchInstrumentsMethod = getSearchInstrumentsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.SearchInstrumentsRequest, dev.alphapulse.registry.v1.SearchInstrumentsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SearchInstruments"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.SearchInstrumentsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.SearchInstrumentsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("SearchInstruments"))
              .build();
        }
      }
    }
    return getSearchInstrumentsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest,
      dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse> getBatchGetInstrumentRecordsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchGetInstrumentRecords",
      requestType = dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest.class,
      responseType = dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest,
      dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse> getBatchGetInstrumentRecordsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest, dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse> getBatchGetInstrumentRecordsMethod;
    if ((getBatchGetInstrumentRecordsMethod = RegistryServiceGrpc.getBatchGetInstrumentRecordsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getBatchGetInstrumentRecordsMethod = RegistryServiceGrpc.getBatchGetInstrumentRecordsMethod) == null) {
          RegistryServiceGrpc.getBatchGetInstrumentRecordsMethod = getBatchGetInstrumentRecordsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest, dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchGetInstrumentRecords"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("BatchGetInstrumentRecords"))
              .build();
        }
      }
    }
    return getBatchGetInstrumentRecordsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest,
      dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse> getStreamInstrumentRecordsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamInstrumentRecords",
      requestType = dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest.class,
      responseType = dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest,
      dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse> getStreamInstrumentRecordsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest, dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse> getStreamInstrumentRecordsMethod;
    if ((getStreamInstrumentRecordsMethod = RegistryServiceGrpc.getStreamInstrumentRecordsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getStreamInstrumentRecordsMethod = RegistryServiceGrpc.getStreamInstrumentRecordsMethod) == null) {
          RegistryServiceGrpc.getStreamInstrumentRecordsMethod = getStreamInstrumentRecordsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest, dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamInstrumentRecords"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("StreamInstrumentRecords"))
              .build();
        }
      }
    }
    return getStreamInstrumentRecordsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.FindVenuesRequest,
      dev.alphapulse.registry.v1.FindVenuesResponse> getFindVenuesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "FindVenues",
      requestType = dev.alphapulse.registry.v1.FindVenuesRequest.class,
      responseType = dev.alphapulse.registry.v1.FindVenuesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.FindVenuesRequest,
      dev.alphapulse.registry.v1.FindVenuesResponse> getFindVenuesMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.FindVenuesRequest, dev.alphapulse.registry.v1.FindVenuesResponse> getFindVenuesMethod;
    if ((getFindVenuesMethod = RegistryServiceGrpc.getFindVenuesMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getFindVenuesMethod = RegistryServiceGrpc.getFindVenuesMethod) == null) {
          RegistryServiceGrpc.getFindVenuesMethod = getFindVenuesMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.FindVenuesRequest, dev.alphapulse.registry.v1.FindVenuesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "FindVenues"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.FindVenuesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.FindVenuesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("FindVenues"))
              .build();
        }
      }
    }
    return getFindVenuesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.UpdateVenueRequest,
      dev.alphapulse.registry.v1.UpdateVenueResponse> getUpdateVenueMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateVenue",
      requestType = dev.alphapulse.registry.v1.UpdateVenueRequest.class,
      responseType = dev.alphapulse.registry.v1.UpdateVenueResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.UpdateVenueRequest,
      dev.alphapulse.registry.v1.UpdateVenueResponse> getUpdateVenueMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.UpdateVenueRequest, dev.alphapulse.registry.v1.UpdateVenueResponse> getUpdateVenueMethod;
    if ((getUpdateVenueMethod = RegistryServiceGrpc.getUpdateVenueMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getUpdateVenueMethod = RegistryServiceGrpc.getUpdateVenueMethod) == null) {
          RegistryServiceGrpc.getUpdateVenueMethod = getUpdateVenueMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.UpdateVenueRequest, dev.alphapulse.registry.v1.UpdateVenueResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateVenue"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.UpdateVenueRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.UpdateVenueResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("UpdateVenue"))
              .build();
        }
      }
    }
    return getUpdateVenueMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.DeleteVenueRequest,
      dev.alphapulse.registry.v1.DeleteVenueResponse> getDeleteVenueMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteVenue",
      requestType = dev.alphapulse.registry.v1.DeleteVenueRequest.class,
      responseType = dev.alphapulse.registry.v1.DeleteVenueResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.DeleteVenueRequest,
      dev.alphapulse.registry.v1.DeleteVenueResponse> getDeleteVenueMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.DeleteVenueRequest, dev.alphapulse.registry.v1.DeleteVenueResponse> getDeleteVenueMethod;
    if ((getDeleteVenueMethod = RegistryServiceGrpc.getDeleteVenueMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getDeleteVenueMethod = RegistryServiceGrpc.getDeleteVenueMethod) == null) {
          RegistryServiceGrpc.getDeleteVenueMethod = getDeleteVenueMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.DeleteVenueRequest, dev.alphapulse.registry.v1.DeleteVenueResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteVenue"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.DeleteVenueRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.DeleteVenueResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("DeleteVenue"))
              .build();
        }
      }
    }
    return getDeleteVenueMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.QuoteFeesRequest,
      dev.alphapulse.registry.v1.QuoteFeesResponse> getQuoteFeesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "QuoteFees",
      requestType = dev.alphapulse.registry.v1.QuoteFeesRequest.class,
      responseType = dev.alphapulse.registry.v1.QuoteFeesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.QuoteFeesRequest,
      dev.alphapulse.registry.v1.QuoteFeesResponse> getQuoteFeesMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.QuoteFeesRequest, dev.alphapulse.registry.v1.QuoteFeesResponse> getQuoteFeesMethod;
    if ((getQuoteFeesMethod = RegistryServiceGrpc.getQuoteFeesMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getQuoteFeesMethod = RegistryServiceGrpc.getQuoteFeesMethod) == null) {
          RegistryServiceGrpc.getQuoteFeesMethod = getQuoteFeesMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.QuoteFeesRequest, dev.alphapulse.registry.v1.QuoteFeesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "QuoteFees"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.QuoteFeesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.QuoteFeesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("QuoteFees"))
              .build();
        }
      }
    }
    return getQuoteFeesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetSessionsRequest,
      dev.alphapulse.registry.v1.GetSessionsResponse> getGetSessionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSessions",
      requestType = dev.alphapulse.registry.v1.GetSessionsRequest.class,
      responseType = dev.alphapulse.registry.v1.GetSessionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetSessionsRequest,
      dev.alphapulse.registry.v1.GetSessionsResponse> getGetSessionsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetSessionsRequest, dev.alphapulse.registry.v1.GetSessionsResponse> getGetSessionsMethod;
    if ((getGetSessionsMethod = RegistryServiceGrpc.getGetSessionsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getGetSessionsMethod = RegistryServiceGrpc.getGetSessionsMethod) == null) {
          RegistryServiceGrpc.getGetSessionsMethod = getGetSessionsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.GetSessionsRequest, dev.alphapulse.registry.v1.GetSessionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSessions"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetSessionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetSessionsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("GetSessions"))
              .build();
        }
      }
    }
    return getGetSessionsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ReportVenueMetricsRequest,
      dev.alphapulse.registry.v1.ReportVenueMetricsResponse> getReportVenueMetricsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReportVenueMetrics",
      requestType = dev.alphapulse.registry.v1.ReportVenueMetricsRequest.class,
      responseType = dev.alphapulse.registry.v1.ReportVenueMetricsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ReportVenueMetricsRequest,
      dev.alphapulse.registry.v1.ReportVenueMetricsResponse> getReportVenueMetricsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ReportVenueMetricsRequest, dev.alphapulse.registry.v1.ReportVenueMetricsResponse> getReportVenueMetricsMethod;
    if ((getReportVenueMetricsMethod = RegistryServiceGrpc.getReportVenueMetricsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getReportVenueMetricsMethod = RegistryServiceGrpc.getReportVenueMetricsMethod) == null) {
          RegistryServiceGrpc.getReportVenueMetricsMethod = getReportVenueMetricsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.ReportVenueMetricsRequest, dev.alphapulse.registry.v1.ReportVenueMetricsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReportVenueMetrics"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ReportVenueMetricsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ReportVenueMetricsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("ReportVenueMetrics"))
              .build();
        }
      }
    }
    return getReportVenueMetricsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetVenueMetricsRequest,
      dev.alphapulse.registry.v1.GetVenueMetricsResponse> getGetVenueMetricsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetVenueMetrics",
      requestType = dev.alphapulse.registry.v1.GetVenueMetricsRequest.class,
      responseType = dev.alphapulse.registry.v1.GetVenueMetricsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetVenueMetricsRequest,
      dev.alphapulse.registry.v1.GetVenueMetricsResponse> getGetVenueMetricsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetVenueMetricsRequest, dev.alphapulse.registry.v1.GetVenueMetricsResponse> getGetVenueMetricsMethod;
    if ((getGetVenueMetricsMethod = RegistryServiceGrpc.getGetVenueMetricsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getGetVenueMetricsMethod = RegistryServiceGrpc.getGetVenueMetricsMethod) == null) {
          RegistryServiceGrpc.getGetVenueMetricsMethod = getGetVenueMetricsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.GetVenueMetricsRequest, dev.alphapulse.registry.v1.GetVenueMetricsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetVenueMetrics"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetVenueMetricsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetVenueMetricsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("GetVenueMetrics"))
              .build();
        }
      }
    }
    return getGetVenueMetricsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.DefineSyntheticRequest,
      dev.alphapulse.registry.v1.DefineSyntheticResponse> getDefineSyntheticMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DefineSynthetic",
      requestType = dev.alphapulse.registry.v1.DefineSyntheticRequest.class,
      responseType = dev.alphapulse.registry.v1.DefineSyntheticResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.DefineSyntheticRequest,
      dev.alphapulse.registry.v1.DefineSyntheticResponse> getDefineSyntheticMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.DefineSyntheticRequest, dev.alphapulse.registry.v1.DefineSyntheticResponse> getDefineSyntheticMethod;
    if ((getDefineSyntheticMethod = RegistryServiceGrpc.getDefineSyntheticMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getDefineSyntheticMethod = RegistryServiceGrpc.getDefineSyntheticMethod) == null) {
          RegistryServiceGrpc.getDefineSyntheticMethod = getDefineSyntheticMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.DefineSyntheticRequest, dev.alphapulse.registry.v1.DefineSyntheticResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DefineSynthetic"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.DefineSyntheticRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.DefineSyntheticResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("DefineSynthetic"))
              .build();
        }
      }
    }
    return getDefineSyntheticMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetSyntheticRequest,
      dev.alphapulse.registry.v1.GetSyntheticResponse> getGetSyntheticMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSynthetic",
      requestType = dev.alphapulse.registry.v1.GetSyntheticRequest.class,
      responseType = dev.alphapulse.registry.v1.GetSyntheticResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetSyntheticRequest,
      dev.alphapulse.registry.v1.GetSyntheticResponse> getGetSyntheticMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.GetSyntheticRequest, dev.alphapulse.registry.v1.GetSyntheticResponse> getGetSyntheticMethod;
    if ((getGetSyntheticMethod = RegistryServiceGrpc.getGetSyntheticMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getGetSyntheticMethod = RegistryServiceGrpc.getGetSyntheticMethod) == null) {
          RegistryServiceGrpc.getGetSyntheticMethod = getGetSyntheticMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.GetSyntheticRequest, dev.alphapulse.registry.v1.GetSyntheticResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSynthetic"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetSyntheticRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.GetSyntheticResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("GetSynthetic"))
              .build();
        }
      }
    }
    return getGetSyntheticMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListSyntheticsRequest,
      dev.alphapulse.registry.v1.ListSyntheticsResponse> getListSyntheticsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListSynthetics",
      requestType = dev.alphapulse.registry.v1.ListSyntheticsRequest.class,
      responseType = dev.alphapulse.registry.v1.ListSyntheticsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListSyntheticsRequest,
      dev.alphapulse.registry.v1.ListSyntheticsResponse> getListSyntheticsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.ListSyntheticsRequest, dev.alphapulse.registry.v1.ListSyntheticsResponse> getListSyntheticsMethod;
    if ((getListSyntheticsMethod = RegistryServiceGrpc.getListSyntheticsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getListSyntheticsMethod = RegistryServiceGrpc.getListSyntheticsMethod) == null) {
          RegistryServiceGrpc.getListSyntheticsMethod = getListSyntheticsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.ListSyntheticsRequest, dev.alphapulse.registry.v1.ListSyntheticsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListSynthetics"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ListSyntheticsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.ListSyntheticsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("ListSynthetics"))
              .build();
        }
      }
    }
    return getListSyntheticsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.EvaluateSyntheticRequest,
      dev.alphapulse.registry.v1.EvaluateSyntheticResponse> getEvaluateSyntheticMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "EvaluateSynthetic",
      requestType = dev.alphapulse.registry.v1.EvaluateSyntheticRequest.class,
      responseType = dev.alphapulse.registry.v1.EvaluateSyntheticResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.EvaluateSyntheticRequest,
      dev.alphapulse.registry.v1.EvaluateSyntheticResponse> getEvaluateSyntheticMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.EvaluateSyntheticRequest, dev.alphapulse.registry.v1.EvaluateSyntheticResponse> getEvaluateSyntheticMethod;
    if ((getEvaluateSyntheticMethod = RegistryServiceGrpc.getEvaluateSyntheticMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getEvaluateSyntheticMethod = RegistryServiceGrpc.getEvaluateSyntheticMethod) == null) {
          RegistryServiceGrpc.getEvaluateSyntheticMethod = getEvaluateSyntheticMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.EvaluateSyntheticRequest, dev.alphapulse.registry.v1.EvaluateSyntheticResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "EvaluateSynthetic"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.EvaluateSyntheticRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.EvaluateSyntheticResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("EvaluateSynthetic"))
              .build();
        }
      }
    }
    return getEvaluateSyntheticMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.RouteOrderRequest,
      dev.alphapulse.registry.v1.RouteOrderResponse> getRouteOrderMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RouteOrder",
      requestType = dev.alphapulse.registry.v1.RouteOrderRequest.class,
      responseType = dev.alphapulse.registry.v1.RouteOrderResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.RouteOrderRequest,
      dev.alphapulse.registry.v1.RouteOrderResponse> getRouteOrderMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.registry.v1.RouteOrderRequest, dev.alphapulse.registry.v1.RouteOrderResponse> getRouteOrderMethod;
    if ((getRouteOrderMethod = RegistryServiceGrpc.getRouteOrderMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getRouteOrderMethod = RegistryServiceGrpc.getRouteOrderMethod) == null) {
          RegistryServiceGrpc.getRouteOrderMethod = getRouteOrderMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.registry.v1.RouteOrderRequest, dev.alphapulse.registry.v1.RouteOrderResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RouteOrder"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.RouteOrderRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.registry.v1.RouteOrderResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("RouteOrder"))
              .build();
        }
      }
    }
    return getRouteOrderMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static RegistryServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RegistryServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RegistryServiceStub>() {
        @java.lang.Override
        public RegistryServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RegistryServiceStub(channel, callOptions);
        }
      };
    return RegistryServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static RegistryServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RegistryServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RegistryServiceBlockingV2Stub>() {
        @java.lang.Override
        public RegistryServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RegistryServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return RegistryServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static RegistryServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RegistryServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RegistryServiceBlockingStub>() {
        @java.lang.Override
        public RegistryServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RegistryServiceBlockingStub(channel, callOptions);
        }
      };
    return RegistryServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static RegistryServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RegistryServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RegistryServiceFutureStub>() {
        @java.lang.Override
        public RegistryServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RegistryServiceFutureStub(channel, callOptions);
        }
      };
    return RegistryServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Instruments, venues and the links between them. Every answer carries the revision that it was
   * read at; every request may ask for a revision that must have been reached.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Adds one instrument, or answers the one that is there when all its data is the same.
     * </pre>
     */
    default void registerInstrument(dev.alphapulse.registry.v1.RegisterInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.RegisterInstrumentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRegisterInstrumentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Adds many; each has its own outcome, in the order of the request.
     * </pre>
     */
    default void batchRegisterInstruments(dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchRegisterInstrumentsMethod(), responseObserver);
    }

    /**
     * <pre>
     * One instrument by its id.
     * </pre>
     */
    default void getInstrument(dev.alphapulse.registry.v1.GetInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetInstrumentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetInstrumentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Many instruments by their ids, in the order of the request.
     * </pre>
     */
    default void batchGetInstruments(dev.alphapulse.registry.v1.BatchGetInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.BatchGetInstrumentsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchGetInstrumentsMethod(), responseObserver);
    }

    /**
     * <pre>
     * The instrument behind a symbol on a venue, an ISIN, a contract address or another identifier.
     * Where several fit, all are answered, best first.
     * </pre>
     */
    default void resolveInstrument(dev.alphapulse.registry.v1.ResolveInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ResolveInstrumentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResolveInstrumentMethod(), responseObserver);
    }

    /**
     * <pre>
     * All instruments that pass a filter, a page at a time, in the order of registration.
     * </pre>
     */
    default void listInstruments(dev.alphapulse.registry.v1.ListInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListInstrumentsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListInstrumentsMethod(), responseObserver);
    }

    /**
     * <pre>
     * The typed links of an instrument: its derivatives, its other lines, its wrapped forms.
     * </pre>
     */
    default void listLinks(dev.alphapulse.registry.v1.ListLinksRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListLinksResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListLinksMethod(), responseObserver);
    }

    /**
     * <pre>
     * Adds a link between two instruments.
     * </pre>
     */
    default void linkInstruments(dev.alphapulse.registry.v1.LinkInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.LinkInstrumentsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getLinkInstrumentsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Takes a link away again; what an instrument or a synthetic says itself is changed there.
     * </pre>
     */
    default void unlinkInstruments(dev.alphapulse.registry.v1.UnlinkInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.UnlinkInstrumentsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUnlinkInstrumentsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Adds a venue, or answers the one that is there when all its data is the same.
     * </pre>
     */
    default void registerVenue(dev.alphapulse.registry.v1.RegisterVenueRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.RegisterVenueResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRegisterVenueMethod(), responseObserver);
    }

    /**
     * <pre>
     * One venue by its number, name or MIC.
     * </pre>
     */
    default void getVenue(dev.alphapulse.registry.v1.GetVenueRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetVenueResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetVenueMethod(), responseObserver);
    }

    /**
     * <pre>
     * All venues, a page at a time.
     * </pre>
     */
    default void listVenues(dev.alphapulse.registry.v1.ListVenuesRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListVenuesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListVenuesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Every change from a revision on, without gap or repetition; then live.
     * </pre>
     */
    default void watchRegistry(dev.alphapulse.registry.v1.WatchRegistryRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.WatchRegistryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchRegistryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes fields of an instrument; its id and natural key stay. From `effective_time` on, or in
     * place.
     * </pre>
     */
    default void updateInstrument(dev.alphapulse.registry.v1.UpdateInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.UpdateInstrumentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateInstrumentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends the life of an instrument; its id is never given again.
     * </pre>
     */
    default void delistInstrument(dev.alphapulse.registry.v1.DelistInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.DelistInstrumentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDelistInstrumentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Every period of validity of an instrument, the first one first: what it was called when.
     * </pre>
     */
    default void getInstrumentHistory(dev.alphapulse.registry.v1.GetInstrumentHistoryRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetInstrumentHistoryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetInstrumentHistoryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Instruments by words of their names and identifiers and by typed filters, a page at a time, in
     * the order of registration.
     * </pre>
     */
    default void searchInstruments(dev.alphapulse.registry.v1.SearchInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.SearchInstrumentsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSearchInstrumentsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Many instruments as fixed records: one FlatBuffers frame, in the order of the request.
     * </pre>
     */
    default void batchGetInstrumentRecords(dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchGetInstrumentRecordsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Fixed records in frames of many rows, all as of one revision: of the ids that are asked for, or of
     * everything that passes the filters.
     * </pre>
     */
    default void streamInstrumentRecords(dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStreamInstrumentRecordsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Everywhere that an instrument is listed, under whichever symbol: its own venue, the lines of the
     * same security, the same pair elsewhere, the forms of a token on other chains.
     * </pre>
     */
    default void findVenues(dev.alphapulse.registry.v1.FindVenuesRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.FindVenuesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getFindVenuesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes fields of a venue; its number, name and kind stay.
     * </pre>
     */
    default void updateVenue(dev.alphapulse.registry.v1.UpdateVenueRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.UpdateVenueResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateVenueMethod(), responseObserver);
    }

    /**
     * <pre>
     * Retires a venue that lists nothing any more; its number is never given again.
     * </pre>
     */
    default void deleteVenue(dev.alphapulse.registry.v1.DeleteVenueRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.DeleteVenueResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteVenueMethod(), responseObserver);
    }

    /**
     * <pre>
     * What a trade costs on a venue at the caller's volume.
     * </pre>
     */
    default void quoteFees(dev.alphapulse.registry.v1.QuoteFeesRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.QuoteFeesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getQuoteFeesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Whether a venue trades at a time, and when it opens and closes next.
     * </pre>
     */
    default void getSessions(dev.alphapulse.registry.v1.GetSessionsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetSessionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetSessionsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Adds measurements of a venue. They are kept in memory, the last ones of each venue; a status that
     * differs from the stored one is a change of the venue.
     * </pre>
     */
    default void reportVenueMetrics(dev.alphapulse.registry.v1.ReportVenueMetricsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ReportVenueMetricsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReportVenueMetricsMethod(), responseObserver);
    }

    /**
     * <pre>
     * The measurements of a venue as a time series, and their summary.
     * </pre>
     */
    default void getVenueMetrics(dev.alphapulse.registry.v1.GetVenueMetricsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetVenueMetricsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetVenueMetricsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Defines a synthetic instrument by a formula, or a new version of it.
     * </pre>
     */
    default void defineSynthetic(dev.alphapulse.registry.v1.DefineSyntheticRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.DefineSyntheticResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDefineSyntheticMethod(), responseObserver);
    }

    /**
     * <pre>
     * A synthetic's definition.
     * </pre>
     */
    default void getSynthetic(dev.alphapulse.registry.v1.GetSyntheticRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetSyntheticResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetSyntheticMethod(), responseObserver);
    }

    /**
     * <pre>
     * All synthetics, a page at a time, in the order of their first definition.
     * </pre>
     */
    default void listSynthetics(dev.alphapulse.registry.v1.ListSyntheticsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListSyntheticsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListSyntheticsMethod(), responseObserver);
    }

    /**
     * <pre>
     * The value of a synthetic for given values of what it is made of.
     * </pre>
     */
    default void evaluateSynthetic(dev.alphapulse.registry.v1.EvaluateSyntheticRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.EvaluateSyntheticResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getEvaluateSyntheticMethod(), responseObserver);
    }

    /**
     * <pre>
     * The best venue for an order, or the best split over venues, with the reasons field by field.
     * </pre>
     */
    default void routeOrder(dev.alphapulse.registry.v1.RouteOrderRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.RouteOrderResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRouteOrderMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service RegistryService.
   * <pre>
   * Instruments, venues and the links between them. Every answer carries the revision that it was
   * read at; every request may ask for a revision that must have been reached.
   * </pre>
   */
  public static abstract class RegistryServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return RegistryServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service RegistryService.
   * <pre>
   * Instruments, venues and the links between them. Every answer carries the revision that it was
   * read at; every request may ask for a revision that must have been reached.
   * </pre>
   */
  public static final class RegistryServiceStub
      extends io.grpc.stub.AbstractAsyncStub<RegistryServiceStub> {
    private RegistryServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RegistryServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RegistryServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Adds one instrument, or answers the one that is there when all its data is the same.
     * </pre>
     */
    public void registerInstrument(dev.alphapulse.registry.v1.RegisterInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.RegisterInstrumentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRegisterInstrumentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Adds many; each has its own outcome, in the order of the request.
     * </pre>
     */
    public void batchRegisterInstruments(dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchRegisterInstrumentsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * One instrument by its id.
     * </pre>
     */
    public void getInstrument(dev.alphapulse.registry.v1.GetInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetInstrumentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetInstrumentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Many instruments by their ids, in the order of the request.
     * </pre>
     */
    public void batchGetInstruments(dev.alphapulse.registry.v1.BatchGetInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.BatchGetInstrumentsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchGetInstrumentsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The instrument behind a symbol on a venue, an ISIN, a contract address or another identifier.
     * Where several fit, all are answered, best first.
     * </pre>
     */
    public void resolveInstrument(dev.alphapulse.registry.v1.ResolveInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ResolveInstrumentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getResolveInstrumentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * All instruments that pass a filter, a page at a time, in the order of registration.
     * </pre>
     */
    public void listInstruments(dev.alphapulse.registry.v1.ListInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListInstrumentsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListInstrumentsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The typed links of an instrument: its derivatives, its other lines, its wrapped forms.
     * </pre>
     */
    public void listLinks(dev.alphapulse.registry.v1.ListLinksRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListLinksResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListLinksMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Adds a link between two instruments.
     * </pre>
     */
    public void linkInstruments(dev.alphapulse.registry.v1.LinkInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.LinkInstrumentsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getLinkInstrumentsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Takes a link away again; what an instrument or a synthetic says itself is changed there.
     * </pre>
     */
    public void unlinkInstruments(dev.alphapulse.registry.v1.UnlinkInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.UnlinkInstrumentsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUnlinkInstrumentsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Adds a venue, or answers the one that is there when all its data is the same.
     * </pre>
     */
    public void registerVenue(dev.alphapulse.registry.v1.RegisterVenueRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.RegisterVenueResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRegisterVenueMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * One venue by its number, name or MIC.
     * </pre>
     */
    public void getVenue(dev.alphapulse.registry.v1.GetVenueRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetVenueResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetVenueMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * All venues, a page at a time.
     * </pre>
     */
    public void listVenues(dev.alphapulse.registry.v1.ListVenuesRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListVenuesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListVenuesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Every change from a revision on, without gap or repetition; then live.
     * </pre>
     */
    public void watchRegistry(dev.alphapulse.registry.v1.WatchRegistryRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.WatchRegistryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchRegistryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes fields of an instrument; its id and natural key stay. From `effective_time` on, or in
     * place.
     * </pre>
     */
    public void updateInstrument(dev.alphapulse.registry.v1.UpdateInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.UpdateInstrumentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateInstrumentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends the life of an instrument; its id is never given again.
     * </pre>
     */
    public void delistInstrument(dev.alphapulse.registry.v1.DelistInstrumentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.DelistInstrumentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDelistInstrumentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Every period of validity of an instrument, the first one first: what it was called when.
     * </pre>
     */
    public void getInstrumentHistory(dev.alphapulse.registry.v1.GetInstrumentHistoryRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetInstrumentHistoryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetInstrumentHistoryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Instruments by words of their names and identifiers and by typed filters, a page at a time, in
     * the order of registration.
     * </pre>
     */
    public void searchInstruments(dev.alphapulse.registry.v1.SearchInstrumentsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.SearchInstrumentsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSearchInstrumentsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Many instruments as fixed records: one FlatBuffers frame, in the order of the request.
     * </pre>
     */
    public void batchGetInstrumentRecords(dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchGetInstrumentRecordsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Fixed records in frames of many rows, all as of one revision: of the ids that are asked for, or of
     * everything that passes the filters.
     * </pre>
     */
    public void streamInstrumentRecords(dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getStreamInstrumentRecordsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Everywhere that an instrument is listed, under whichever symbol: its own venue, the lines of the
     * same security, the same pair elsewhere, the forms of a token on other chains.
     * </pre>
     */
    public void findVenues(dev.alphapulse.registry.v1.FindVenuesRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.FindVenuesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getFindVenuesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes fields of a venue; its number, name and kind stay.
     * </pre>
     */
    public void updateVenue(dev.alphapulse.registry.v1.UpdateVenueRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.UpdateVenueResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateVenueMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Retires a venue that lists nothing any more; its number is never given again.
     * </pre>
     */
    public void deleteVenue(dev.alphapulse.registry.v1.DeleteVenueRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.DeleteVenueResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteVenueMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * What a trade costs on a venue at the caller's volume.
     * </pre>
     */
    public void quoteFees(dev.alphapulse.registry.v1.QuoteFeesRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.QuoteFeesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getQuoteFeesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Whether a venue trades at a time, and when it opens and closes next.
     * </pre>
     */
    public void getSessions(dev.alphapulse.registry.v1.GetSessionsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetSessionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetSessionsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Adds measurements of a venue. They are kept in memory, the last ones of each venue; a status that
     * differs from the stored one is a change of the venue.
     * </pre>
     */
    public void reportVenueMetrics(dev.alphapulse.registry.v1.ReportVenueMetricsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ReportVenueMetricsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReportVenueMetricsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The measurements of a venue as a time series, and their summary.
     * </pre>
     */
    public void getVenueMetrics(dev.alphapulse.registry.v1.GetVenueMetricsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetVenueMetricsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetVenueMetricsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Defines a synthetic instrument by a formula, or a new version of it.
     * </pre>
     */
    public void defineSynthetic(dev.alphapulse.registry.v1.DefineSyntheticRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.DefineSyntheticResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDefineSyntheticMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * A synthetic's definition.
     * </pre>
     */
    public void getSynthetic(dev.alphapulse.registry.v1.GetSyntheticRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetSyntheticResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetSyntheticMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * All synthetics, a page at a time, in the order of their first definition.
     * </pre>
     */
    public void listSynthetics(dev.alphapulse.registry.v1.ListSyntheticsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListSyntheticsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListSyntheticsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The value of a synthetic for given values of what it is made of.
     * </pre>
     */
    public void evaluateSynthetic(dev.alphapulse.registry.v1.EvaluateSyntheticRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.EvaluateSyntheticResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getEvaluateSyntheticMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The best venue for an order, or the best split over venues, with the reasons field by field.
     * </pre>
     */
    public void routeOrder(dev.alphapulse.registry.v1.RouteOrderRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.RouteOrderResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRouteOrderMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service RegistryService.
   * <pre>
   * Instruments, venues and the links between them. Every answer carries the revision that it was
   * read at; every request may ask for a revision that must have been reached.
   * </pre>
   */
  public static final class RegistryServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<RegistryServiceBlockingV2Stub> {
    private RegistryServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RegistryServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RegistryServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Adds one instrument, or answers the one that is there when all its data is the same.
     * </pre>
     */
    public dev.alphapulse.registry.v1.RegisterInstrumentResponse registerInstrument(dev.alphapulse.registry.v1.RegisterInstrumentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRegisterInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds many; each has its own outcome, in the order of the request.
     * </pre>
     */
    public dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse batchRegisterInstruments(dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBatchRegisterInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One instrument by its id.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetInstrumentResponse getInstrument(dev.alphapulse.registry.v1.GetInstrumentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Many instruments by their ids, in the order of the request.
     * </pre>
     */
    public dev.alphapulse.registry.v1.BatchGetInstrumentsResponse batchGetInstruments(dev.alphapulse.registry.v1.BatchGetInstrumentsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBatchGetInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The instrument behind a symbol on a venue, an ISIN, a contract address or another identifier.
     * Where several fit, all are answered, best first.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ResolveInstrumentResponse resolveInstrument(dev.alphapulse.registry.v1.ResolveInstrumentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResolveInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All instruments that pass a filter, a page at a time, in the order of registration.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ListInstrumentsResponse listInstruments(dev.alphapulse.registry.v1.ListInstrumentsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The typed links of an instrument: its derivatives, its other lines, its wrapped forms.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ListLinksResponse listLinks(dev.alphapulse.registry.v1.ListLinksRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListLinksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds a link between two instruments.
     * </pre>
     */
    public dev.alphapulse.registry.v1.LinkInstrumentsResponse linkInstruments(dev.alphapulse.registry.v1.LinkInstrumentsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getLinkInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes a link away again; what an instrument or a synthetic says itself is changed there.
     * </pre>
     */
    public dev.alphapulse.registry.v1.UnlinkInstrumentsResponse unlinkInstruments(dev.alphapulse.registry.v1.UnlinkInstrumentsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUnlinkInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds a venue, or answers the one that is there when all its data is the same.
     * </pre>
     */
    public dev.alphapulse.registry.v1.RegisterVenueResponse registerVenue(dev.alphapulse.registry.v1.RegisterVenueRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRegisterVenueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One venue by its number, name or MIC.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetVenueResponse getVenue(dev.alphapulse.registry.v1.GetVenueRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetVenueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All venues, a page at a time.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ListVenuesResponse listVenues(dev.alphapulse.registry.v1.ListVenuesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListVenuesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Every change from a revision on, without gap or repetition; then live.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.alphapulse.registry.v1.WatchRegistryResponse>
        watchRegistry(dev.alphapulse.registry.v1.WatchRegistryRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchRegistryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes fields of an instrument; its id and natural key stay. From `effective_time` on, or in
     * place.
     * </pre>
     */
    public dev.alphapulse.registry.v1.UpdateInstrumentResponse updateInstrument(dev.alphapulse.registry.v1.UpdateInstrumentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends the life of an instrument; its id is never given again.
     * </pre>
     */
    public dev.alphapulse.registry.v1.DelistInstrumentResponse delistInstrument(dev.alphapulse.registry.v1.DelistInstrumentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDelistInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Every period of validity of an instrument, the first one first: what it was called when.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetInstrumentHistoryResponse getInstrumentHistory(dev.alphapulse.registry.v1.GetInstrumentHistoryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetInstrumentHistoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Instruments by words of their names and identifiers and by typed filters, a page at a time, in
     * the order of registration.
     * </pre>
     */
    public dev.alphapulse.registry.v1.SearchInstrumentsResponse searchInstruments(dev.alphapulse.registry.v1.SearchInstrumentsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSearchInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Many instruments as fixed records: one FlatBuffers frame, in the order of the request.
     * </pre>
     */
    public dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse batchGetInstrumentRecords(dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBatchGetInstrumentRecordsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Fixed records in frames of many rows, all as of one revision: of the ids that are asked for, or of
     * everything that passes the filters.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse>
        streamInstrumentRecords(dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getStreamInstrumentRecordsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Everywhere that an instrument is listed, under whichever symbol: its own venue, the lines of the
     * same security, the same pair elsewhere, the forms of a token on other chains.
     * </pre>
     */
    public dev.alphapulse.registry.v1.FindVenuesResponse findVenues(dev.alphapulse.registry.v1.FindVenuesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getFindVenuesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes fields of a venue; its number, name and kind stay.
     * </pre>
     */
    public dev.alphapulse.registry.v1.UpdateVenueResponse updateVenue(dev.alphapulse.registry.v1.UpdateVenueRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateVenueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Retires a venue that lists nothing any more; its number is never given again.
     * </pre>
     */
    public dev.alphapulse.registry.v1.DeleteVenueResponse deleteVenue(dev.alphapulse.registry.v1.DeleteVenueRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteVenueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What a trade costs on a venue at the caller's volume.
     * </pre>
     */
    public dev.alphapulse.registry.v1.QuoteFeesResponse quoteFees(dev.alphapulse.registry.v1.QuoteFeesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getQuoteFeesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Whether a venue trades at a time, and when it opens and closes next.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetSessionsResponse getSessions(dev.alphapulse.registry.v1.GetSessionsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds measurements of a venue. They are kept in memory, the last ones of each venue; a status that
     * differs from the stored one is a change of the venue.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ReportVenueMetricsResponse reportVenueMetrics(dev.alphapulse.registry.v1.ReportVenueMetricsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReportVenueMetricsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The measurements of a venue as a time series, and their summary.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetVenueMetricsResponse getVenueMetrics(dev.alphapulse.registry.v1.GetVenueMetricsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetVenueMetricsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Defines a synthetic instrument by a formula, or a new version of it.
     * </pre>
     */
    public dev.alphapulse.registry.v1.DefineSyntheticResponse defineSynthetic(dev.alphapulse.registry.v1.DefineSyntheticRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDefineSyntheticMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * A synthetic's definition.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetSyntheticResponse getSynthetic(dev.alphapulse.registry.v1.GetSyntheticRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetSyntheticMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All synthetics, a page at a time, in the order of their first definition.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ListSyntheticsResponse listSynthetics(dev.alphapulse.registry.v1.ListSyntheticsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListSyntheticsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The value of a synthetic for given values of what it is made of.
     * </pre>
     */
    public dev.alphapulse.registry.v1.EvaluateSyntheticResponse evaluateSynthetic(dev.alphapulse.registry.v1.EvaluateSyntheticRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getEvaluateSyntheticMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The best venue for an order, or the best split over venues, with the reasons field by field.
     * </pre>
     */
    public dev.alphapulse.registry.v1.RouteOrderResponse routeOrder(dev.alphapulse.registry.v1.RouteOrderRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRouteOrderMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service RegistryService.
   * <pre>
   * Instruments, venues and the links between them. Every answer carries the revision that it was
   * read at; every request may ask for a revision that must have been reached.
   * </pre>
   */
  public static final class RegistryServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<RegistryServiceBlockingStub> {
    private RegistryServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RegistryServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RegistryServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Adds one instrument, or answers the one that is there when all its data is the same.
     * </pre>
     */
    public dev.alphapulse.registry.v1.RegisterInstrumentResponse registerInstrument(dev.alphapulse.registry.v1.RegisterInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRegisterInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds many; each has its own outcome, in the order of the request.
     * </pre>
     */
    public dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse batchRegisterInstruments(dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchRegisterInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One instrument by its id.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetInstrumentResponse getInstrument(dev.alphapulse.registry.v1.GetInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Many instruments by their ids, in the order of the request.
     * </pre>
     */
    public dev.alphapulse.registry.v1.BatchGetInstrumentsResponse batchGetInstruments(dev.alphapulse.registry.v1.BatchGetInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchGetInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The instrument behind a symbol on a venue, an ISIN, a contract address or another identifier.
     * Where several fit, all are answered, best first.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ResolveInstrumentResponse resolveInstrument(dev.alphapulse.registry.v1.ResolveInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getResolveInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All instruments that pass a filter, a page at a time, in the order of registration.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ListInstrumentsResponse listInstruments(dev.alphapulse.registry.v1.ListInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The typed links of an instrument: its derivatives, its other lines, its wrapped forms.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ListLinksResponse listLinks(dev.alphapulse.registry.v1.ListLinksRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListLinksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds a link between two instruments.
     * </pre>
     */
    public dev.alphapulse.registry.v1.LinkInstrumentsResponse linkInstruments(dev.alphapulse.registry.v1.LinkInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getLinkInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes a link away again; what an instrument or a synthetic says itself is changed there.
     * </pre>
     */
    public dev.alphapulse.registry.v1.UnlinkInstrumentsResponse unlinkInstruments(dev.alphapulse.registry.v1.UnlinkInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUnlinkInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds a venue, or answers the one that is there when all its data is the same.
     * </pre>
     */
    public dev.alphapulse.registry.v1.RegisterVenueResponse registerVenue(dev.alphapulse.registry.v1.RegisterVenueRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRegisterVenueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One venue by its number, name or MIC.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetVenueResponse getVenue(dev.alphapulse.registry.v1.GetVenueRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetVenueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All venues, a page at a time.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ListVenuesResponse listVenues(dev.alphapulse.registry.v1.ListVenuesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListVenuesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Every change from a revision on, without gap or repetition; then live.
     * </pre>
     */
    public java.util.Iterator<dev.alphapulse.registry.v1.WatchRegistryResponse> watchRegistry(
        dev.alphapulse.registry.v1.WatchRegistryRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchRegistryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes fields of an instrument; its id and natural key stay. From `effective_time` on, or in
     * place.
     * </pre>
     */
    public dev.alphapulse.registry.v1.UpdateInstrumentResponse updateInstrument(dev.alphapulse.registry.v1.UpdateInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends the life of an instrument; its id is never given again.
     * </pre>
     */
    public dev.alphapulse.registry.v1.DelistInstrumentResponse delistInstrument(dev.alphapulse.registry.v1.DelistInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDelistInstrumentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Every period of validity of an instrument, the first one first: what it was called when.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetInstrumentHistoryResponse getInstrumentHistory(dev.alphapulse.registry.v1.GetInstrumentHistoryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetInstrumentHistoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Instruments by words of their names and identifiers and by typed filters, a page at a time, in
     * the order of registration.
     * </pre>
     */
    public dev.alphapulse.registry.v1.SearchInstrumentsResponse searchInstruments(dev.alphapulse.registry.v1.SearchInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSearchInstrumentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Many instruments as fixed records: one FlatBuffers frame, in the order of the request.
     * </pre>
     */
    public dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse batchGetInstrumentRecords(dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchGetInstrumentRecordsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Fixed records in frames of many rows, all as of one revision: of the ids that are asked for, or of
     * everything that passes the filters.
     * </pre>
     */
    public java.util.Iterator<dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse> streamInstrumentRecords(
        dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getStreamInstrumentRecordsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Everywhere that an instrument is listed, under whichever symbol: its own venue, the lines of the
     * same security, the same pair elsewhere, the forms of a token on other chains.
     * </pre>
     */
    public dev.alphapulse.registry.v1.FindVenuesResponse findVenues(dev.alphapulse.registry.v1.FindVenuesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getFindVenuesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes fields of a venue; its number, name and kind stay.
     * </pre>
     */
    public dev.alphapulse.registry.v1.UpdateVenueResponse updateVenue(dev.alphapulse.registry.v1.UpdateVenueRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateVenueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Retires a venue that lists nothing any more; its number is never given again.
     * </pre>
     */
    public dev.alphapulse.registry.v1.DeleteVenueResponse deleteVenue(dev.alphapulse.registry.v1.DeleteVenueRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteVenueMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What a trade costs on a venue at the caller's volume.
     * </pre>
     */
    public dev.alphapulse.registry.v1.QuoteFeesResponse quoteFees(dev.alphapulse.registry.v1.QuoteFeesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getQuoteFeesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Whether a venue trades at a time, and when it opens and closes next.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetSessionsResponse getSessions(dev.alphapulse.registry.v1.GetSessionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds measurements of a venue. They are kept in memory, the last ones of each venue; a status that
     * differs from the stored one is a change of the venue.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ReportVenueMetricsResponse reportVenueMetrics(dev.alphapulse.registry.v1.ReportVenueMetricsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReportVenueMetricsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The measurements of a venue as a time series, and their summary.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetVenueMetricsResponse getVenueMetrics(dev.alphapulse.registry.v1.GetVenueMetricsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetVenueMetricsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Defines a synthetic instrument by a formula, or a new version of it.
     * </pre>
     */
    public dev.alphapulse.registry.v1.DefineSyntheticResponse defineSynthetic(dev.alphapulse.registry.v1.DefineSyntheticRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDefineSyntheticMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * A synthetic's definition.
     * </pre>
     */
    public dev.alphapulse.registry.v1.GetSyntheticResponse getSynthetic(dev.alphapulse.registry.v1.GetSyntheticRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetSyntheticMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All synthetics, a page at a time, in the order of their first definition.
     * </pre>
     */
    public dev.alphapulse.registry.v1.ListSyntheticsResponse listSynthetics(dev.alphapulse.registry.v1.ListSyntheticsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListSyntheticsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The value of a synthetic for given values of what it is made of.
     * </pre>
     */
    public dev.alphapulse.registry.v1.EvaluateSyntheticResponse evaluateSynthetic(dev.alphapulse.registry.v1.EvaluateSyntheticRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getEvaluateSyntheticMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The best venue for an order, or the best split over venues, with the reasons field by field.
     * </pre>
     */
    public dev.alphapulse.registry.v1.RouteOrderResponse routeOrder(dev.alphapulse.registry.v1.RouteOrderRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRouteOrderMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service RegistryService.
   * <pre>
   * Instruments, venues and the links between them. Every answer carries the revision that it was
   * read at; every request may ask for a revision that must have been reached.
   * </pre>
   */
  public static final class RegistryServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<RegistryServiceFutureStub> {
    private RegistryServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RegistryServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RegistryServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Adds one instrument, or answers the one that is there when all its data is the same.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.RegisterInstrumentResponse> registerInstrument(
        dev.alphapulse.registry.v1.RegisterInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRegisterInstrumentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Adds many; each has its own outcome, in the order of the request.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse> batchRegisterInstruments(
        dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchRegisterInstrumentsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * One instrument by its id.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.GetInstrumentResponse> getInstrument(
        dev.alphapulse.registry.v1.GetInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetInstrumentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Many instruments by their ids, in the order of the request.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.BatchGetInstrumentsResponse> batchGetInstruments(
        dev.alphapulse.registry.v1.BatchGetInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchGetInstrumentsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The instrument behind a symbol on a venue, an ISIN, a contract address or another identifier.
     * Where several fit, all are answered, best first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.ResolveInstrumentResponse> resolveInstrument(
        dev.alphapulse.registry.v1.ResolveInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getResolveInstrumentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * All instruments that pass a filter, a page at a time, in the order of registration.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.ListInstrumentsResponse> listInstruments(
        dev.alphapulse.registry.v1.ListInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListInstrumentsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The typed links of an instrument: its derivatives, its other lines, its wrapped forms.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.ListLinksResponse> listLinks(
        dev.alphapulse.registry.v1.ListLinksRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListLinksMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Adds a link between two instruments.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.LinkInstrumentsResponse> linkInstruments(
        dev.alphapulse.registry.v1.LinkInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getLinkInstrumentsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Takes a link away again; what an instrument or a synthetic says itself is changed there.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.UnlinkInstrumentsResponse> unlinkInstruments(
        dev.alphapulse.registry.v1.UnlinkInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUnlinkInstrumentsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Adds a venue, or answers the one that is there when all its data is the same.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.RegisterVenueResponse> registerVenue(
        dev.alphapulse.registry.v1.RegisterVenueRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRegisterVenueMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * One venue by its number, name or MIC.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.GetVenueResponse> getVenue(
        dev.alphapulse.registry.v1.GetVenueRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetVenueMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * All venues, a page at a time.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.ListVenuesResponse> listVenues(
        dev.alphapulse.registry.v1.ListVenuesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListVenuesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes fields of an instrument; its id and natural key stay. From `effective_time` on, or in
     * place.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.UpdateInstrumentResponse> updateInstrument(
        dev.alphapulse.registry.v1.UpdateInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateInstrumentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends the life of an instrument; its id is never given again.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.DelistInstrumentResponse> delistInstrument(
        dev.alphapulse.registry.v1.DelistInstrumentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDelistInstrumentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Every period of validity of an instrument, the first one first: what it was called when.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.GetInstrumentHistoryResponse> getInstrumentHistory(
        dev.alphapulse.registry.v1.GetInstrumentHistoryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetInstrumentHistoryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Instruments by words of their names and identifiers and by typed filters, a page at a time, in
     * the order of registration.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.SearchInstrumentsResponse> searchInstruments(
        dev.alphapulse.registry.v1.SearchInstrumentsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSearchInstrumentsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Many instruments as fixed records: one FlatBuffers frame, in the order of the request.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse> batchGetInstrumentRecords(
        dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchGetInstrumentRecordsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Everywhere that an instrument is listed, under whichever symbol: its own venue, the lines of the
     * same security, the same pair elsewhere, the forms of a token on other chains.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.FindVenuesResponse> findVenues(
        dev.alphapulse.registry.v1.FindVenuesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getFindVenuesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes fields of a venue; its number, name and kind stay.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.UpdateVenueResponse> updateVenue(
        dev.alphapulse.registry.v1.UpdateVenueRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateVenueMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Retires a venue that lists nothing any more; its number is never given again.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.DeleteVenueResponse> deleteVenue(
        dev.alphapulse.registry.v1.DeleteVenueRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteVenueMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * What a trade costs on a venue at the caller's volume.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.QuoteFeesResponse> quoteFees(
        dev.alphapulse.registry.v1.QuoteFeesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getQuoteFeesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Whether a venue trades at a time, and when it opens and closes next.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.GetSessionsResponse> getSessions(
        dev.alphapulse.registry.v1.GetSessionsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetSessionsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Adds measurements of a venue. They are kept in memory, the last ones of each venue; a status that
     * differs from the stored one is a change of the venue.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.ReportVenueMetricsResponse> reportVenueMetrics(
        dev.alphapulse.registry.v1.ReportVenueMetricsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReportVenueMetricsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The measurements of a venue as a time series, and their summary.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.GetVenueMetricsResponse> getVenueMetrics(
        dev.alphapulse.registry.v1.GetVenueMetricsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetVenueMetricsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Defines a synthetic instrument by a formula, or a new version of it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.DefineSyntheticResponse> defineSynthetic(
        dev.alphapulse.registry.v1.DefineSyntheticRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDefineSyntheticMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * A synthetic's definition.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.GetSyntheticResponse> getSynthetic(
        dev.alphapulse.registry.v1.GetSyntheticRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetSyntheticMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * All synthetics, a page at a time, in the order of their first definition.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.ListSyntheticsResponse> listSynthetics(
        dev.alphapulse.registry.v1.ListSyntheticsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListSyntheticsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The value of a synthetic for given values of what it is made of.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.EvaluateSyntheticResponse> evaluateSynthetic(
        dev.alphapulse.registry.v1.EvaluateSyntheticRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getEvaluateSyntheticMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The best venue for an order, or the best split over venues, with the reasons field by field.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.registry.v1.RouteOrderResponse> routeOrder(
        dev.alphapulse.registry.v1.RouteOrderRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRouteOrderMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_REGISTER_INSTRUMENT = 0;
  private static final int METHODID_BATCH_REGISTER_INSTRUMENTS = 1;
  private static final int METHODID_GET_INSTRUMENT = 2;
  private static final int METHODID_BATCH_GET_INSTRUMENTS = 3;
  private static final int METHODID_RESOLVE_INSTRUMENT = 4;
  private static final int METHODID_LIST_INSTRUMENTS = 5;
  private static final int METHODID_LIST_LINKS = 6;
  private static final int METHODID_LINK_INSTRUMENTS = 7;
  private static final int METHODID_UNLINK_INSTRUMENTS = 8;
  private static final int METHODID_REGISTER_VENUE = 9;
  private static final int METHODID_GET_VENUE = 10;
  private static final int METHODID_LIST_VENUES = 11;
  private static final int METHODID_WATCH_REGISTRY = 12;
  private static final int METHODID_UPDATE_INSTRUMENT = 13;
  private static final int METHODID_DELIST_INSTRUMENT = 14;
  private static final int METHODID_GET_INSTRUMENT_HISTORY = 15;
  private static final int METHODID_SEARCH_INSTRUMENTS = 16;
  private static final int METHODID_BATCH_GET_INSTRUMENT_RECORDS = 17;
  private static final int METHODID_STREAM_INSTRUMENT_RECORDS = 18;
  private static final int METHODID_FIND_VENUES = 19;
  private static final int METHODID_UPDATE_VENUE = 20;
  private static final int METHODID_DELETE_VENUE = 21;
  private static final int METHODID_QUOTE_FEES = 22;
  private static final int METHODID_GET_SESSIONS = 23;
  private static final int METHODID_REPORT_VENUE_METRICS = 24;
  private static final int METHODID_GET_VENUE_METRICS = 25;
  private static final int METHODID_DEFINE_SYNTHETIC = 26;
  private static final int METHODID_GET_SYNTHETIC = 27;
  private static final int METHODID_LIST_SYNTHETICS = 28;
  private static final int METHODID_EVALUATE_SYNTHETIC = 29;
  private static final int METHODID_ROUTE_ORDER = 30;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_REGISTER_INSTRUMENT:
          serviceImpl.registerInstrument((dev.alphapulse.registry.v1.RegisterInstrumentRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.RegisterInstrumentResponse>) responseObserver);
          break;
        case METHODID_BATCH_REGISTER_INSTRUMENTS:
          serviceImpl.batchRegisterInstruments((dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse>) responseObserver);
          break;
        case METHODID_GET_INSTRUMENT:
          serviceImpl.getInstrument((dev.alphapulse.registry.v1.GetInstrumentRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetInstrumentResponse>) responseObserver);
          break;
        case METHODID_BATCH_GET_INSTRUMENTS:
          serviceImpl.batchGetInstruments((dev.alphapulse.registry.v1.BatchGetInstrumentsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.BatchGetInstrumentsResponse>) responseObserver);
          break;
        case METHODID_RESOLVE_INSTRUMENT:
          serviceImpl.resolveInstrument((dev.alphapulse.registry.v1.ResolveInstrumentRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ResolveInstrumentResponse>) responseObserver);
          break;
        case METHODID_LIST_INSTRUMENTS:
          serviceImpl.listInstruments((dev.alphapulse.registry.v1.ListInstrumentsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListInstrumentsResponse>) responseObserver);
          break;
        case METHODID_LIST_LINKS:
          serviceImpl.listLinks((dev.alphapulse.registry.v1.ListLinksRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListLinksResponse>) responseObserver);
          break;
        case METHODID_LINK_INSTRUMENTS:
          serviceImpl.linkInstruments((dev.alphapulse.registry.v1.LinkInstrumentsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.LinkInstrumentsResponse>) responseObserver);
          break;
        case METHODID_UNLINK_INSTRUMENTS:
          serviceImpl.unlinkInstruments((dev.alphapulse.registry.v1.UnlinkInstrumentsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.UnlinkInstrumentsResponse>) responseObserver);
          break;
        case METHODID_REGISTER_VENUE:
          serviceImpl.registerVenue((dev.alphapulse.registry.v1.RegisterVenueRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.RegisterVenueResponse>) responseObserver);
          break;
        case METHODID_GET_VENUE:
          serviceImpl.getVenue((dev.alphapulse.registry.v1.GetVenueRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetVenueResponse>) responseObserver);
          break;
        case METHODID_LIST_VENUES:
          serviceImpl.listVenues((dev.alphapulse.registry.v1.ListVenuesRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListVenuesResponse>) responseObserver);
          break;
        case METHODID_WATCH_REGISTRY:
          serviceImpl.watchRegistry((dev.alphapulse.registry.v1.WatchRegistryRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.WatchRegistryResponse>) responseObserver);
          break;
        case METHODID_UPDATE_INSTRUMENT:
          serviceImpl.updateInstrument((dev.alphapulse.registry.v1.UpdateInstrumentRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.UpdateInstrumentResponse>) responseObserver);
          break;
        case METHODID_DELIST_INSTRUMENT:
          serviceImpl.delistInstrument((dev.alphapulse.registry.v1.DelistInstrumentRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.DelistInstrumentResponse>) responseObserver);
          break;
        case METHODID_GET_INSTRUMENT_HISTORY:
          serviceImpl.getInstrumentHistory((dev.alphapulse.registry.v1.GetInstrumentHistoryRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetInstrumentHistoryResponse>) responseObserver);
          break;
        case METHODID_SEARCH_INSTRUMENTS:
          serviceImpl.searchInstruments((dev.alphapulse.registry.v1.SearchInstrumentsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.SearchInstrumentsResponse>) responseObserver);
          break;
        case METHODID_BATCH_GET_INSTRUMENT_RECORDS:
          serviceImpl.batchGetInstrumentRecords((dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse>) responseObserver);
          break;
        case METHODID_STREAM_INSTRUMENT_RECORDS:
          serviceImpl.streamInstrumentRecords((dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse>) responseObserver);
          break;
        case METHODID_FIND_VENUES:
          serviceImpl.findVenues((dev.alphapulse.registry.v1.FindVenuesRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.FindVenuesResponse>) responseObserver);
          break;
        case METHODID_UPDATE_VENUE:
          serviceImpl.updateVenue((dev.alphapulse.registry.v1.UpdateVenueRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.UpdateVenueResponse>) responseObserver);
          break;
        case METHODID_DELETE_VENUE:
          serviceImpl.deleteVenue((dev.alphapulse.registry.v1.DeleteVenueRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.DeleteVenueResponse>) responseObserver);
          break;
        case METHODID_QUOTE_FEES:
          serviceImpl.quoteFees((dev.alphapulse.registry.v1.QuoteFeesRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.QuoteFeesResponse>) responseObserver);
          break;
        case METHODID_GET_SESSIONS:
          serviceImpl.getSessions((dev.alphapulse.registry.v1.GetSessionsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetSessionsResponse>) responseObserver);
          break;
        case METHODID_REPORT_VENUE_METRICS:
          serviceImpl.reportVenueMetrics((dev.alphapulse.registry.v1.ReportVenueMetricsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ReportVenueMetricsResponse>) responseObserver);
          break;
        case METHODID_GET_VENUE_METRICS:
          serviceImpl.getVenueMetrics((dev.alphapulse.registry.v1.GetVenueMetricsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetVenueMetricsResponse>) responseObserver);
          break;
        case METHODID_DEFINE_SYNTHETIC:
          serviceImpl.defineSynthetic((dev.alphapulse.registry.v1.DefineSyntheticRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.DefineSyntheticResponse>) responseObserver);
          break;
        case METHODID_GET_SYNTHETIC:
          serviceImpl.getSynthetic((dev.alphapulse.registry.v1.GetSyntheticRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.GetSyntheticResponse>) responseObserver);
          break;
        case METHODID_LIST_SYNTHETICS:
          serviceImpl.listSynthetics((dev.alphapulse.registry.v1.ListSyntheticsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.ListSyntheticsResponse>) responseObserver);
          break;
        case METHODID_EVALUATE_SYNTHETIC:
          serviceImpl.evaluateSynthetic((dev.alphapulse.registry.v1.EvaluateSyntheticRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.EvaluateSyntheticResponse>) responseObserver);
          break;
        case METHODID_ROUTE_ORDER:
          serviceImpl.routeOrder((dev.alphapulse.registry.v1.RouteOrderRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.registry.v1.RouteOrderResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getRegisterInstrumentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.RegisterInstrumentRequest,
              dev.alphapulse.registry.v1.RegisterInstrumentResponse>(
                service, METHODID_REGISTER_INSTRUMENT)))
        .addMethod(
          getBatchRegisterInstrumentsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.BatchRegisterInstrumentsRequest,
              dev.alphapulse.registry.v1.BatchRegisterInstrumentsResponse>(
                service, METHODID_BATCH_REGISTER_INSTRUMENTS)))
        .addMethod(
          getGetInstrumentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.GetInstrumentRequest,
              dev.alphapulse.registry.v1.GetInstrumentResponse>(
                service, METHODID_GET_INSTRUMENT)))
        .addMethod(
          getBatchGetInstrumentsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.BatchGetInstrumentsRequest,
              dev.alphapulse.registry.v1.BatchGetInstrumentsResponse>(
                service, METHODID_BATCH_GET_INSTRUMENTS)))
        .addMethod(
          getResolveInstrumentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.ResolveInstrumentRequest,
              dev.alphapulse.registry.v1.ResolveInstrumentResponse>(
                service, METHODID_RESOLVE_INSTRUMENT)))
        .addMethod(
          getListInstrumentsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.ListInstrumentsRequest,
              dev.alphapulse.registry.v1.ListInstrumentsResponse>(
                service, METHODID_LIST_INSTRUMENTS)))
        .addMethod(
          getListLinksMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.ListLinksRequest,
              dev.alphapulse.registry.v1.ListLinksResponse>(
                service, METHODID_LIST_LINKS)))
        .addMethod(
          getLinkInstrumentsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.LinkInstrumentsRequest,
              dev.alphapulse.registry.v1.LinkInstrumentsResponse>(
                service, METHODID_LINK_INSTRUMENTS)))
        .addMethod(
          getUnlinkInstrumentsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.UnlinkInstrumentsRequest,
              dev.alphapulse.registry.v1.UnlinkInstrumentsResponse>(
                service, METHODID_UNLINK_INSTRUMENTS)))
        .addMethod(
          getRegisterVenueMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.RegisterVenueRequest,
              dev.alphapulse.registry.v1.RegisterVenueResponse>(
                service, METHODID_REGISTER_VENUE)))
        .addMethod(
          getGetVenueMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.GetVenueRequest,
              dev.alphapulse.registry.v1.GetVenueResponse>(
                service, METHODID_GET_VENUE)))
        .addMethod(
          getListVenuesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.ListVenuesRequest,
              dev.alphapulse.registry.v1.ListVenuesResponse>(
                service, METHODID_LIST_VENUES)))
        .addMethod(
          getWatchRegistryMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.WatchRegistryRequest,
              dev.alphapulse.registry.v1.WatchRegistryResponse>(
                service, METHODID_WATCH_REGISTRY)))
        .addMethod(
          getUpdateInstrumentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.UpdateInstrumentRequest,
              dev.alphapulse.registry.v1.UpdateInstrumentResponse>(
                service, METHODID_UPDATE_INSTRUMENT)))
        .addMethod(
          getDelistInstrumentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.DelistInstrumentRequest,
              dev.alphapulse.registry.v1.DelistInstrumentResponse>(
                service, METHODID_DELIST_INSTRUMENT)))
        .addMethod(
          getGetInstrumentHistoryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.GetInstrumentHistoryRequest,
              dev.alphapulse.registry.v1.GetInstrumentHistoryResponse>(
                service, METHODID_GET_INSTRUMENT_HISTORY)))
        .addMethod(
          getSearchInstrumentsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.SearchInstrumentsRequest,
              dev.alphapulse.registry.v1.SearchInstrumentsResponse>(
                service, METHODID_SEARCH_INSTRUMENTS)))
        .addMethod(
          getBatchGetInstrumentRecordsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.BatchGetInstrumentRecordsRequest,
              dev.alphapulse.registry.v1.BatchGetInstrumentRecordsResponse>(
                service, METHODID_BATCH_GET_INSTRUMENT_RECORDS)))
        .addMethod(
          getStreamInstrumentRecordsMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.StreamInstrumentRecordsRequest,
              dev.alphapulse.registry.v1.StreamInstrumentRecordsResponse>(
                service, METHODID_STREAM_INSTRUMENT_RECORDS)))
        .addMethod(
          getFindVenuesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.FindVenuesRequest,
              dev.alphapulse.registry.v1.FindVenuesResponse>(
                service, METHODID_FIND_VENUES)))
        .addMethod(
          getUpdateVenueMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.UpdateVenueRequest,
              dev.alphapulse.registry.v1.UpdateVenueResponse>(
                service, METHODID_UPDATE_VENUE)))
        .addMethod(
          getDeleteVenueMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.DeleteVenueRequest,
              dev.alphapulse.registry.v1.DeleteVenueResponse>(
                service, METHODID_DELETE_VENUE)))
        .addMethod(
          getQuoteFeesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.QuoteFeesRequest,
              dev.alphapulse.registry.v1.QuoteFeesResponse>(
                service, METHODID_QUOTE_FEES)))
        .addMethod(
          getGetSessionsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.GetSessionsRequest,
              dev.alphapulse.registry.v1.GetSessionsResponse>(
                service, METHODID_GET_SESSIONS)))
        .addMethod(
          getReportVenueMetricsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.ReportVenueMetricsRequest,
              dev.alphapulse.registry.v1.ReportVenueMetricsResponse>(
                service, METHODID_REPORT_VENUE_METRICS)))
        .addMethod(
          getGetVenueMetricsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.GetVenueMetricsRequest,
              dev.alphapulse.registry.v1.GetVenueMetricsResponse>(
                service, METHODID_GET_VENUE_METRICS)))
        .addMethod(
          getDefineSyntheticMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.DefineSyntheticRequest,
              dev.alphapulse.registry.v1.DefineSyntheticResponse>(
                service, METHODID_DEFINE_SYNTHETIC)))
        .addMethod(
          getGetSyntheticMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.GetSyntheticRequest,
              dev.alphapulse.registry.v1.GetSyntheticResponse>(
                service, METHODID_GET_SYNTHETIC)))
        .addMethod(
          getListSyntheticsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.ListSyntheticsRequest,
              dev.alphapulse.registry.v1.ListSyntheticsResponse>(
                service, METHODID_LIST_SYNTHETICS)))
        .addMethod(
          getEvaluateSyntheticMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.EvaluateSyntheticRequest,
              dev.alphapulse.registry.v1.EvaluateSyntheticResponse>(
                service, METHODID_EVALUATE_SYNTHETIC)))
        .addMethod(
          getRouteOrderMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.registry.v1.RouteOrderRequest,
              dev.alphapulse.registry.v1.RouteOrderResponse>(
                service, METHODID_ROUTE_ORDER)))
        .build();
  }

  private static abstract class RegistryServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    RegistryServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.alphapulse.registry.v1.RegistryProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("RegistryService");
    }
  }

  private static final class RegistryServiceFileDescriptorSupplier
      extends RegistryServiceBaseDescriptorSupplier {
    RegistryServiceFileDescriptorSupplier() {}
  }

  private static final class RegistryServiceMethodDescriptorSupplier
      extends RegistryServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    RegistryServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (RegistryServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new RegistryServiceFileDescriptorSupplier())
              .addMethod(getRegisterInstrumentMethod())
              .addMethod(getBatchRegisterInstrumentsMethod())
              .addMethod(getGetInstrumentMethod())
              .addMethod(getBatchGetInstrumentsMethod())
              .addMethod(getResolveInstrumentMethod())
              .addMethod(getListInstrumentsMethod())
              .addMethod(getListLinksMethod())
              .addMethod(getLinkInstrumentsMethod())
              .addMethod(getUnlinkInstrumentsMethod())
              .addMethod(getRegisterVenueMethod())
              .addMethod(getGetVenueMethod())
              .addMethod(getListVenuesMethod())
              .addMethod(getWatchRegistryMethod())
              .addMethod(getUpdateInstrumentMethod())
              .addMethod(getDelistInstrumentMethod())
              .addMethod(getGetInstrumentHistoryMethod())
              .addMethod(getSearchInstrumentsMethod())
              .addMethod(getBatchGetInstrumentRecordsMethod())
              .addMethod(getStreamInstrumentRecordsMethod())
              .addMethod(getFindVenuesMethod())
              .addMethod(getUpdateVenueMethod())
              .addMethod(getDeleteVenueMethod())
              .addMethod(getQuoteFeesMethod())
              .addMethod(getGetSessionsMethod())
              .addMethod(getReportVenueMetricsMethod())
              .addMethod(getGetVenueMetricsMethod())
              .addMethod(getDefineSyntheticMethod())
              .addMethod(getGetSyntheticMethod())
              .addMethod(getListSyntheticsMethod())
              .addMethod(getEvaluateSyntheticMethod())
              .addMethod(getRouteOrderMethod())
              .build();
        }
      }
    }
    return result;
  }
}

package dev.alphapulse.relay.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Message types 1-19: trades, quotes, books, discoveries.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class MarketDataRelayGrpc {

  private MarketDataRelayGrpc() {}

  public static final java.lang.String SERVICE_NAME = "alphapulse.relay.v1.MarketDataRelay";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.PublishRequest,
      dev.alphapulse.relay.v1.PublishResponse> getPublishMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Publish",
      requestType = dev.alphapulse.relay.v1.PublishRequest.class,
      responseType = dev.alphapulse.relay.v1.PublishResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.PublishRequest,
      dev.alphapulse.relay.v1.PublishResponse> getPublishMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.PublishRequest, dev.alphapulse.relay.v1.PublishResponse> getPublishMethod;
    if ((getPublishMethod = MarketDataRelayGrpc.getPublishMethod) == null) {
      synchronized (MarketDataRelayGrpc.class) {
        if ((getPublishMethod = MarketDataRelayGrpc.getPublishMethod) == null) {
          MarketDataRelayGrpc.getPublishMethod = getPublishMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.relay.v1.PublishRequest, dev.alphapulse.relay.v1.PublishResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Publish"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.PublishRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.PublishResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MarketDataRelayMethodDescriptorSupplier("Publish"))
              .build();
        }
      }
    }
    return getPublishMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.SubscribeRequest,
      dev.alphapulse.relay.v1.SubscribeResponse> getSubscribeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Subscribe",
      requestType = dev.alphapulse.relay.v1.SubscribeRequest.class,
      responseType = dev.alphapulse.relay.v1.SubscribeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.SubscribeRequest,
      dev.alphapulse.relay.v1.SubscribeResponse> getSubscribeMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.SubscribeRequest, dev.alphapulse.relay.v1.SubscribeResponse> getSubscribeMethod;
    if ((getSubscribeMethod = MarketDataRelayGrpc.getSubscribeMethod) == null) {
      synchronized (MarketDataRelayGrpc.class) {
        if ((getSubscribeMethod = MarketDataRelayGrpc.getSubscribeMethod) == null) {
          MarketDataRelayGrpc.getSubscribeMethod = getSubscribeMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.relay.v1.SubscribeRequest, dev.alphapulse.relay.v1.SubscribeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Subscribe"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.SubscribeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.SubscribeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MarketDataRelayMethodDescriptorSupplier("Subscribe"))
              .build();
        }
      }
    }
    return getSubscribeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.AttachRequest,
      dev.alphapulse.relay.v1.AttachResponse> getAttachMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Attach",
      requestType = dev.alphapulse.relay.v1.AttachRequest.class,
      responseType = dev.alphapulse.relay.v1.AttachResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.AttachRequest,
      dev.alphapulse.relay.v1.AttachResponse> getAttachMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.AttachRequest, dev.alphapulse.relay.v1.AttachResponse> getAttachMethod;
    if ((getAttachMethod = MarketDataRelayGrpc.getAttachMethod) == null) {
      synchronized (MarketDataRelayGrpc.class) {
        if ((getAttachMethod = MarketDataRelayGrpc.getAttachMethod) == null) {
          MarketDataRelayGrpc.getAttachMethod = getAttachMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.relay.v1.AttachRequest, dev.alphapulse.relay.v1.AttachResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Attach"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.AttachRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.AttachResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MarketDataRelayMethodDescriptorSupplier("Attach"))
              .build();
        }
      }
    }
    return getAttachMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.AcknowledgeRequest,
      dev.alphapulse.relay.v1.AcknowledgeResponse> getAcknowledgeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Acknowledge",
      requestType = dev.alphapulse.relay.v1.AcknowledgeRequest.class,
      responseType = dev.alphapulse.relay.v1.AcknowledgeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.AcknowledgeRequest,
      dev.alphapulse.relay.v1.AcknowledgeResponse> getAcknowledgeMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.AcknowledgeRequest, dev.alphapulse.relay.v1.AcknowledgeResponse> getAcknowledgeMethod;
    if ((getAcknowledgeMethod = MarketDataRelayGrpc.getAcknowledgeMethod) == null) {
      synchronized (MarketDataRelayGrpc.class) {
        if ((getAcknowledgeMethod = MarketDataRelayGrpc.getAcknowledgeMethod) == null) {
          MarketDataRelayGrpc.getAcknowledgeMethod = getAcknowledgeMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.relay.v1.AcknowledgeRequest, dev.alphapulse.relay.v1.AcknowledgeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Acknowledge"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.AcknowledgeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.AcknowledgeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MarketDataRelayMethodDescriptorSupplier("Acknowledge"))
              .build();
        }
      }
    }
    return getAcknowledgeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.GetStatusRequest,
      dev.alphapulse.relay.v1.GetStatusResponse> getGetStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetStatus",
      requestType = dev.alphapulse.relay.v1.GetStatusRequest.class,
      responseType = dev.alphapulse.relay.v1.GetStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.GetStatusRequest,
      dev.alphapulse.relay.v1.GetStatusResponse> getGetStatusMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.GetStatusRequest, dev.alphapulse.relay.v1.GetStatusResponse> getGetStatusMethod;
    if ((getGetStatusMethod = MarketDataRelayGrpc.getGetStatusMethod) == null) {
      synchronized (MarketDataRelayGrpc.class) {
        if ((getGetStatusMethod = MarketDataRelayGrpc.getGetStatusMethod) == null) {
          MarketDataRelayGrpc.getGetStatusMethod = getGetStatusMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.relay.v1.GetStatusRequest, dev.alphapulse.relay.v1.GetStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetStatus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.GetStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.GetStatusResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MarketDataRelayMethodDescriptorSupplier("GetStatus"))
              .build();
        }
      }
    }
    return getGetStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.RegisterSchemaRequest,
      dev.alphapulse.relay.v1.RegisterSchemaResponse> getRegisterSchemaMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RegisterSchema",
      requestType = dev.alphapulse.relay.v1.RegisterSchemaRequest.class,
      responseType = dev.alphapulse.relay.v1.RegisterSchemaResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.RegisterSchemaRequest,
      dev.alphapulse.relay.v1.RegisterSchemaResponse> getRegisterSchemaMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.RegisterSchemaRequest, dev.alphapulse.relay.v1.RegisterSchemaResponse> getRegisterSchemaMethod;
    if ((getRegisterSchemaMethod = MarketDataRelayGrpc.getRegisterSchemaMethod) == null) {
      synchronized (MarketDataRelayGrpc.class) {
        if ((getRegisterSchemaMethod = MarketDataRelayGrpc.getRegisterSchemaMethod) == null) {
          MarketDataRelayGrpc.getRegisterSchemaMethod = getRegisterSchemaMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.relay.v1.RegisterSchemaRequest, dev.alphapulse.relay.v1.RegisterSchemaResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RegisterSchema"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.RegisterSchemaRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.RegisterSchemaResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MarketDataRelayMethodDescriptorSupplier("RegisterSchema"))
              .build();
        }
      }
    }
    return getRegisterSchemaMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.ListSchemasRequest,
      dev.alphapulse.relay.v1.ListSchemasResponse> getListSchemasMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListSchemas",
      requestType = dev.alphapulse.relay.v1.ListSchemasRequest.class,
      responseType = dev.alphapulse.relay.v1.ListSchemasResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.ListSchemasRequest,
      dev.alphapulse.relay.v1.ListSchemasResponse> getListSchemasMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.relay.v1.ListSchemasRequest, dev.alphapulse.relay.v1.ListSchemasResponse> getListSchemasMethod;
    if ((getListSchemasMethod = MarketDataRelayGrpc.getListSchemasMethod) == null) {
      synchronized (MarketDataRelayGrpc.class) {
        if ((getListSchemasMethod = MarketDataRelayGrpc.getListSchemasMethod) == null) {
          MarketDataRelayGrpc.getListSchemasMethod = getListSchemasMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.relay.v1.ListSchemasRequest, dev.alphapulse.relay.v1.ListSchemasResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListSchemas"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.ListSchemasRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.relay.v1.ListSchemasResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MarketDataRelayMethodDescriptorSupplier("ListSchemas"))
              .build();
        }
      }
    }
    return getListSchemasMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static MarketDataRelayStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MarketDataRelayStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MarketDataRelayStub>() {
        @java.lang.Override
        public MarketDataRelayStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MarketDataRelayStub(channel, callOptions);
        }
      };
    return MarketDataRelayStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static MarketDataRelayBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MarketDataRelayBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MarketDataRelayBlockingV2Stub>() {
        @java.lang.Override
        public MarketDataRelayBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MarketDataRelayBlockingV2Stub(channel, callOptions);
        }
      };
    return MarketDataRelayBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static MarketDataRelayBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MarketDataRelayBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MarketDataRelayBlockingStub>() {
        @java.lang.Override
        public MarketDataRelayBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MarketDataRelayBlockingStub(channel, callOptions);
        }
      };
    return MarketDataRelayBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static MarketDataRelayFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MarketDataRelayFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MarketDataRelayFutureStub>() {
        @java.lang.Override
        public MarketDataRelayFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MarketDataRelayFutureStub(channel, callOptions);
        }
      };
    return MarketDataRelayFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Message types 1-19: trades, quotes, books, discoveries.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Frames up, acknowledged sequences down.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.PublishRequest> publish(
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.PublishResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getPublishMethod(), responseObserver);
    }

    /**
     * <pre>
     * Frames from a position on.
     * </pre>
     */
    default void subscribe(dev.alphapulse.relay.v1.SubscribeRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.SubscribeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubscribeMethod(), responseObserver);
    }

    /**
     * <pre>
     * A seat of a subscriber that reads elsewhere: how the domain is carried, and its progress.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.AttachRequest> attach(
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.AttachResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getAttachMethod(), responseObserver);
    }

    /**
     * <pre>
     * How far a subscriber has really come: what it has not got yet is kept for it.
     * </pre>
     */
    default void acknowledge(dev.alphapulse.relay.v1.AcknowledgeRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.AcknowledgeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAcknowledgeMethod(), responseObserver);
    }

    /**
     * <pre>
     * What the relay holds and does.
     * </pre>
     */
    default void getStatus(dev.alphapulse.relay.v1.GetStatusRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.GetStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes a message type of 200-255 known: its rows are checked and filtered like built-in ones.
     * </pre>
     */
    default void registerSchema(dev.alphapulse.relay.v1.RegisterSchemaRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.RegisterSchemaResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRegisterSchemaMethod(), responseObserver);
    }

    /**
     * <pre>
     * The message types that were registered.
     * </pre>
     */
    default void listSchemas(dev.alphapulse.relay.v1.ListSchemasRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.ListSchemasResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListSchemasMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service MarketDataRelay.
   * <pre>
   * Message types 1-19: trades, quotes, books, discoveries.
   * </pre>
   */
  public static abstract class MarketDataRelayImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return MarketDataRelayGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service MarketDataRelay.
   * <pre>
   * Message types 1-19: trades, quotes, books, discoveries.
   * </pre>
   */
  public static final class MarketDataRelayStub
      extends io.grpc.stub.AbstractAsyncStub<MarketDataRelayStub> {
    private MarketDataRelayStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MarketDataRelayStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MarketDataRelayStub(channel, callOptions);
    }

    /**
     * <pre>
     * Frames up, acknowledged sequences down.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.PublishRequest> publish(
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.PublishResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getPublishMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Frames from a position on.
     * </pre>
     */
    public void subscribe(dev.alphapulse.relay.v1.SubscribeRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.SubscribeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getSubscribeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * A seat of a subscriber that reads elsewhere: how the domain is carried, and its progress.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.AttachRequest> attach(
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.AttachResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getAttachMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * How far a subscriber has really come: what it has not got yet is kept for it.
     * </pre>
     */
    public void acknowledge(dev.alphapulse.relay.v1.AcknowledgeRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.AcknowledgeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAcknowledgeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * What the relay holds and does.
     * </pre>
     */
    public void getStatus(dev.alphapulse.relay.v1.GetStatusRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.GetStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Makes a message type of 200-255 known: its rows are checked and filtered like built-in ones.
     * </pre>
     */
    public void registerSchema(dev.alphapulse.relay.v1.RegisterSchemaRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.RegisterSchemaResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRegisterSchemaMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The message types that were registered.
     * </pre>
     */
    public void listSchemas(dev.alphapulse.relay.v1.ListSchemasRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.ListSchemasResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListSchemasMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service MarketDataRelay.
   * <pre>
   * Message types 1-19: trades, quotes, books, discoveries.
   * </pre>
   */
  public static final class MarketDataRelayBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<MarketDataRelayBlockingV2Stub> {
    private MarketDataRelayBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MarketDataRelayBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MarketDataRelayBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Frames up, acknowledged sequences down.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.alphapulse.relay.v1.PublishRequest, dev.alphapulse.relay.v1.PublishResponse>
        publish() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getPublishMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Frames from a position on.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.alphapulse.relay.v1.SubscribeResponse>
        subscribe(dev.alphapulse.relay.v1.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getSubscribeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * A seat of a subscriber that reads elsewhere: how the domain is carried, and its progress.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.alphapulse.relay.v1.AttachRequest, dev.alphapulse.relay.v1.AttachResponse>
        attach() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getAttachMethod(), getCallOptions());
    }

    /**
     * <pre>
     * How far a subscriber has really come: what it has not got yet is kept for it.
     * </pre>
     */
    public dev.alphapulse.relay.v1.AcknowledgeResponse acknowledge(dev.alphapulse.relay.v1.AcknowledgeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAcknowledgeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What the relay holds and does.
     * </pre>
     */
    public dev.alphapulse.relay.v1.GetStatusResponse getStatus(dev.alphapulse.relay.v1.GetStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a message type of 200-255 known: its rows are checked and filtered like built-in ones.
     * </pre>
     */
    public dev.alphapulse.relay.v1.RegisterSchemaResponse registerSchema(dev.alphapulse.relay.v1.RegisterSchemaRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRegisterSchemaMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The message types that were registered.
     * </pre>
     */
    public dev.alphapulse.relay.v1.ListSchemasResponse listSchemas(dev.alphapulse.relay.v1.ListSchemasRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListSchemasMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service MarketDataRelay.
   * <pre>
   * Message types 1-19: trades, quotes, books, discoveries.
   * </pre>
   */
  public static final class MarketDataRelayBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<MarketDataRelayBlockingStub> {
    private MarketDataRelayBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MarketDataRelayBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MarketDataRelayBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Frames from a position on.
     * </pre>
     */
    public java.util.Iterator<dev.alphapulse.relay.v1.SubscribeResponse> subscribe(
        dev.alphapulse.relay.v1.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getSubscribeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * How far a subscriber has really come: what it has not got yet is kept for it.
     * </pre>
     */
    public dev.alphapulse.relay.v1.AcknowledgeResponse acknowledge(dev.alphapulse.relay.v1.AcknowledgeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAcknowledgeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What the relay holds and does.
     * </pre>
     */
    public dev.alphapulse.relay.v1.GetStatusResponse getStatus(dev.alphapulse.relay.v1.GetStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a message type of 200-255 known: its rows are checked and filtered like built-in ones.
     * </pre>
     */
    public dev.alphapulse.relay.v1.RegisterSchemaResponse registerSchema(dev.alphapulse.relay.v1.RegisterSchemaRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRegisterSchemaMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The message types that were registered.
     * </pre>
     */
    public dev.alphapulse.relay.v1.ListSchemasResponse listSchemas(dev.alphapulse.relay.v1.ListSchemasRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListSchemasMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service MarketDataRelay.
   * <pre>
   * Message types 1-19: trades, quotes, books, discoveries.
   * </pre>
   */
  public static final class MarketDataRelayFutureStub
      extends io.grpc.stub.AbstractFutureStub<MarketDataRelayFutureStub> {
    private MarketDataRelayFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MarketDataRelayFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MarketDataRelayFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * How far a subscriber has really come: what it has not got yet is kept for it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.relay.v1.AcknowledgeResponse> acknowledge(
        dev.alphapulse.relay.v1.AcknowledgeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAcknowledgeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * What the relay holds and does.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.relay.v1.GetStatusResponse> getStatus(
        dev.alphapulse.relay.v1.GetStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetStatusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Makes a message type of 200-255 known: its rows are checked and filtered like built-in ones.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.relay.v1.RegisterSchemaResponse> registerSchema(
        dev.alphapulse.relay.v1.RegisterSchemaRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRegisterSchemaMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The message types that were registered.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.relay.v1.ListSchemasResponse> listSchemas(
        dev.alphapulse.relay.v1.ListSchemasRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListSchemasMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_SUBSCRIBE = 0;
  private static final int METHODID_ACKNOWLEDGE = 1;
  private static final int METHODID_GET_STATUS = 2;
  private static final int METHODID_REGISTER_SCHEMA = 3;
  private static final int METHODID_LIST_SCHEMAS = 4;
  private static final int METHODID_PUBLISH = 5;
  private static final int METHODID_ATTACH = 6;

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
        case METHODID_SUBSCRIBE:
          serviceImpl.subscribe((dev.alphapulse.relay.v1.SubscribeRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.SubscribeResponse>) responseObserver);
          break;
        case METHODID_ACKNOWLEDGE:
          serviceImpl.acknowledge((dev.alphapulse.relay.v1.AcknowledgeRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.AcknowledgeResponse>) responseObserver);
          break;
        case METHODID_GET_STATUS:
          serviceImpl.getStatus((dev.alphapulse.relay.v1.GetStatusRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.GetStatusResponse>) responseObserver);
          break;
        case METHODID_REGISTER_SCHEMA:
          serviceImpl.registerSchema((dev.alphapulse.relay.v1.RegisterSchemaRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.RegisterSchemaResponse>) responseObserver);
          break;
        case METHODID_LIST_SCHEMAS:
          serviceImpl.listSchemas((dev.alphapulse.relay.v1.ListSchemasRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.ListSchemasResponse>) responseObserver);
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
        case METHODID_PUBLISH:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.publish(
              (io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.PublishResponse>) responseObserver);
        case METHODID_ATTACH:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.attach(
              (io.grpc.stub.StreamObserver<dev.alphapulse.relay.v1.AttachResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getPublishMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              dev.alphapulse.relay.v1.PublishRequest,
              dev.alphapulse.relay.v1.PublishResponse>(
                service, METHODID_PUBLISH)))
        .addMethod(
          getSubscribeMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.alphapulse.relay.v1.SubscribeRequest,
              dev.alphapulse.relay.v1.SubscribeResponse>(
                service, METHODID_SUBSCRIBE)))
        .addMethod(
          getAttachMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              dev.alphapulse.relay.v1.AttachRequest,
              dev.alphapulse.relay.v1.AttachResponse>(
                service, METHODID_ATTACH)))
        .addMethod(
          getAcknowledgeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.relay.v1.AcknowledgeRequest,
              dev.alphapulse.relay.v1.AcknowledgeResponse>(
                service, METHODID_ACKNOWLEDGE)))
        .addMethod(
          getGetStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.relay.v1.GetStatusRequest,
              dev.alphapulse.relay.v1.GetStatusResponse>(
                service, METHODID_GET_STATUS)))
        .addMethod(
          getRegisterSchemaMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.relay.v1.RegisterSchemaRequest,
              dev.alphapulse.relay.v1.RegisterSchemaResponse>(
                service, METHODID_REGISTER_SCHEMA)))
        .addMethod(
          getListSchemasMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.relay.v1.ListSchemasRequest,
              dev.alphapulse.relay.v1.ListSchemasResponse>(
                service, METHODID_LIST_SCHEMAS)))
        .build();
  }

  private static abstract class MarketDataRelayBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    MarketDataRelayBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.alphapulse.relay.v1.RelayProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("MarketDataRelay");
    }
  }

  private static final class MarketDataRelayFileDescriptorSupplier
      extends MarketDataRelayBaseDescriptorSupplier {
    MarketDataRelayFileDescriptorSupplier() {}
  }

  private static final class MarketDataRelayMethodDescriptorSupplier
      extends MarketDataRelayBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    MarketDataRelayMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (MarketDataRelayGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new MarketDataRelayFileDescriptorSupplier())
              .addMethod(getPublishMethod())
              .addMethod(getSubscribeMethod())
              .addMethod(getAttachMethod())
              .addMethod(getAcknowledgeMethod())
              .addMethod(getGetStatusMethod())
              .addMethod(getRegisterSchemaMethod())
              .addMethod(getListSchemasMethod())
              .build();
        }
      }
    }
    return result;
  }
}

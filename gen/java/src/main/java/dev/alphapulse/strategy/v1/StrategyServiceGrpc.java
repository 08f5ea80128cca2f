package dev.alphapulse.strategy.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * One running strategy.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class StrategyServiceGrpc {

  private StrategyServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "alphapulse.strategy.v1.StrategyService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.strategy.v1.GetStrategyStatusRequest,
      dev.alphapulse.strategy.v1.GetStrategyStatusResponse> getGetStrategyStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetStrategyStatus",
      requestType = dev.alphapulse.strategy.v1.GetStrategyStatusRequest.class,
      responseType = dev.alphapulse.strategy.v1.GetStrategyStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.strategy.v1.GetStrategyStatusRequest,
      dev.alphapulse.strategy.v1.GetStrategyStatusResponse> getGetStrategyStatusMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.strategy.v1.GetStrategyStatusRequest, dev.alphapulse.strategy.v1.GetStrategyStatusResponse> getGetStrategyStatusMethod;
    if ((getGetStrategyStatusMethod = StrategyServiceGrpc.getGetStrategyStatusMethod) == null) {
      synchronized (StrategyServiceGrpc.class) {
        if ((getGetStrategyStatusMethod = StrategyServiceGrpc.getGetStrategyStatusMethod) == null) {
          StrategyServiceGrpc.getGetStrategyStatusMethod = getGetStrategyStatusMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.strategy.v1.GetStrategyStatusRequest, dev.alphapulse.strategy.v1.GetStrategyStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetStrategyStatus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.strategy.v1.GetStrategyStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.strategy.v1.GetStrategyStatusResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StrategyServiceMethodDescriptorSupplier("GetStrategyStatus"))
              .build();
        }
      }
    }
    return getGetStrategyStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.strategy.v1.SetStrategyStateRequest,
      dev.alphapulse.strategy.v1.SetStrategyStateResponse> getSetStrategyStateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SetStrategyState",
      requestType = dev.alphapulse.strategy.v1.SetStrategyStateRequest.class,
      responseType = dev.alphapulse.strategy.v1.SetStrategyStateResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.strategy.v1.SetStrategyStateRequest,
      dev.alphapulse.strategy.v1.SetStrategyStateResponse> getSetStrategyStateMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.strategy.v1.SetStrategyStateRequest, dev.alphapulse.strategy.v1.SetStrategyStateResponse> getSetStrategyStateMethod;
    if ((getSetStrategyStateMethod = StrategyServiceGrpc.getSetStrategyStateMethod) == null) {
      synchronized (StrategyServiceGrpc.class) {
        if ((getSetStrategyStateMethod = StrategyServiceGrpc.getSetStrategyStateMethod) == null) {
          StrategyServiceGrpc.getSetStrategyStateMethod = getSetStrategyStateMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.strategy.v1.SetStrategyStateRequest, dev.alphapulse.strategy.v1.SetStrategyStateResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SetStrategyState"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.strategy.v1.SetStrategyStateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.strategy.v1.SetStrategyStateResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StrategyServiceMethodDescriptorSupplier("SetStrategyState"))
              .build();
        }
      }
    }
    return getSetStrategyStateMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static StrategyServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StrategyServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StrategyServiceStub>() {
        @java.lang.Override
        public StrategyServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StrategyServiceStub(channel, callOptions);
        }
      };
    return StrategyServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static StrategyServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StrategyServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StrategyServiceBlockingV2Stub>() {
        @java.lang.Override
        public StrategyServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StrategyServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return StrategyServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static StrategyServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StrategyServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StrategyServiceBlockingStub>() {
        @java.lang.Override
        public StrategyServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StrategyServiceBlockingStub(channel, callOptions);
        }
      };
    return StrategyServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static StrategyServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StrategyServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StrategyServiceFutureStub>() {
        @java.lang.Override
        public StrategyServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StrategyServiceFutureStub(channel, callOptions);
        }
      };
    return StrategyServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * One running strategy.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * What the strategy is and has done.
     * </pre>
     */
    default void getStrategyStatus(dev.alphapulse.strategy.v1.GetStrategyStatusRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.strategy.v1.GetStrategyStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetStrategyStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stops or resumes deciding; positions stay as they are.
     * </pre>
     */
    default void setStrategyState(dev.alphapulse.strategy.v1.SetStrategyStateRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.strategy.v1.SetStrategyStateResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSetStrategyStateMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service StrategyService.
   * <pre>
   * One running strategy.
   * </pre>
   */
  public static abstract class StrategyServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return StrategyServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service StrategyService.
   * <pre>
   * One running strategy.
   * </pre>
   */
  public static final class StrategyServiceStub
      extends io.grpc.stub.AbstractAsyncStub<StrategyServiceStub> {
    private StrategyServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StrategyServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StrategyServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * What the strategy is and has done.
     * </pre>
     */
    public void getStrategyStatus(dev.alphapulse.strategy.v1.GetStrategyStatusRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.strategy.v1.GetStrategyStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetStrategyStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stops or resumes deciding; positions stay as they are.
     * </pre>
     */
    public void setStrategyState(dev.alphapulse.strategy.v1.SetStrategyStateRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.strategy.v1.SetStrategyStateResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSetStrategyStateMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service StrategyService.
   * <pre>
   * One running strategy.
   * </pre>
   */
  public static final class StrategyServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<StrategyServiceBlockingV2Stub> {
    private StrategyServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StrategyServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StrategyServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * What the strategy is and has done.
     * </pre>
     */
    public dev.alphapulse.strategy.v1.GetStrategyStatusResponse getStrategyStatus(dev.alphapulse.strategy.v1.GetStrategyStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetStrategyStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stops or resumes deciding; positions stay as they are.
     * </pre>
     */
    public dev.alphapulse.strategy.v1.SetStrategyStateResponse setStrategyState(dev.alphapulse.strategy.v1.SetStrategyStateRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSetStrategyStateMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service StrategyService.
   * <pre>
   * One running strategy.
   * </pre>
   */
  public static final class StrategyServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<StrategyServiceBlockingStub> {
    private StrategyServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StrategyServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StrategyServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * What the strategy is and has done.
     * </pre>
     */
    public dev.alphapulse.strategy.v1.GetStrategyStatusResponse getStrategyStatus(dev.alphapulse.strategy.v1.GetStrategyStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetStrategyStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stops or resumes deciding; positions stay as they are.
     * </pre>
     */
    public dev.alphapulse.strategy.v1.SetStrategyStateResponse setStrategyState(dev.alphapulse.strategy.v1.SetStrategyStateRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSetStrategyStateMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service StrategyService.
   * <pre>
   * One running strategy.
   * </pre>
   */
  public static final class StrategyServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<StrategyServiceFutureStub> {
    private StrategyServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StrategyServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StrategyServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * What the strategy is and has done.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.strategy.v1.GetStrategyStatusResponse> getStrategyStatus(
        dev.alphapulse.strategy.v1.GetStrategyStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetStrategyStatusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stops or resumes deciding; positions stay as they are.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.strategy.v1.SetStrategyStateResponse> setStrategyState(
        dev.alphapulse.strategy.v1.SetStrategyStateRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSetStrategyStateMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_STRATEGY_STATUS = 0;
  private static final int METHODID_SET_STRATEGY_STATE = 1;

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
        case METHODID_GET_STRATEGY_STATUS:
          serviceImpl.getStrategyStatus((dev.alphapulse.strategy.v1.GetStrategyStatusRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.strategy.v1.GetStrategyStatusResponse>) responseObserver);
          break;
        case METHODID_SET_STRATEGY_STATE:
          serviceImpl.setStrategyState((dev.alphapulse.strategy.v1.SetStrategyStateRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.strategy.v1.SetStrategyStateResponse>) responseObserver);
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
          getGetStrategyStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.strategy.v1.GetStrategyStatusRequest,
              dev.alphapulse.strategy.v1.GetStrategyStatusResponse>(
                service, METHODID_GET_STRATEGY_STATUS)))
        .addMethod(
          getSetStrategyStateMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.strategy.v1.SetStrategyStateRequest,
              dev.alphapulse.strategy.v1.SetStrategyStateResponse>(
                service, METHODID_SET_STRATEGY_STATE)))
        .build();
  }

  private static abstract class StrategyServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    StrategyServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.alphapulse.strategy.v1.StrategyProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("StrategyService");
    }
  }

  private static final class StrategyServiceFileDescriptorSupplier
      extends StrategyServiceBaseDescriptorSupplier {
    StrategyServiceFileDescriptorSupplier() {}
  }

  private static final class StrategyServiceMethodDescriptorSupplier
      extends StrategyServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    StrategyServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (StrategyServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new StrategyServiceFileDescriptorSupplier())
              .addMethod(getGetStrategyStatusMethod())
              .addMethod(getSetStrategyStateMethod())
              .build();
        }
      }
    }
    return result;
  }
}

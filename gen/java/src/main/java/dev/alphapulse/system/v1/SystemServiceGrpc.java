package dev.alphapulse.system.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Answered by the supervisor.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class SystemServiceGrpc {

  private SystemServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "alphapulse.system.v1.SystemService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.system.v1.GetMeshStatusRequest,
      dev.alphapulse.system.v1.GetMeshStatusResponse> getGetMeshStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetMeshStatus",
      requestType = dev.alphapulse.system.v1.GetMeshStatusRequest.class,
      responseType = dev.alphapulse.system.v1.GetMeshStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.system.v1.GetMeshStatusRequest,
      dev.alphapulse.system.v1.GetMeshStatusResponse> getGetMeshStatusMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.system.v1.GetMeshStatusRequest, dev.alphapulse.system.v1.GetMeshStatusResponse> getGetMeshStatusMethod;
    if ((getGetMeshStatusMethod = SystemServiceGrpc.getGetMeshStatusMethod) == null) {
      synchronized (SystemServiceGrpc.class) {
        if ((getGetMeshStatusMethod = SystemServiceGrpc.getGetMeshStatusMethod) == null) {
          SystemServiceGrpc.getGetMeshStatusMethod = getGetMeshStatusMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.system.v1.GetMeshStatusRequest, dev.alphapulse.system.v1.GetMeshStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetMeshStatus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.system.v1.GetMeshStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.system.v1.GetMeshStatusResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SystemServiceMethodDescriptorSupplier("GetMeshStatus"))
              .build();
        }
      }
    }
    return getGetMeshStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.system.v1.RegisterAgentRequest,
      dev.alphapulse.system.v1.RegisterAgentResponse> getRegisterAgentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RegisterAgent",
      requestType = dev.alphapulse.system.v1.RegisterAgentRequest.class,
      responseType = dev.alphapulse.system.v1.RegisterAgentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.system.v1.RegisterAgentRequest,
      dev.alphapulse.system.v1.RegisterAgentResponse> getRegisterAgentMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.system.v1.RegisterAgentRequest, dev.alphapulse.system.v1.RegisterAgentResponse> getRegisterAgentMethod;
    if ((getRegisterAgentMethod = SystemServiceGrpc.getRegisterAgentMethod) == null) {
      synchronized (SystemServiceGrpc.class) {
        if ((getRegisterAgentMethod = SystemServiceGrpc.getRegisterAgentMethod) == null) {
          SystemServiceGrpc.getRegisterAgentMethod = getRegisterAgentMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.system.v1.RegisterAgentRequest, dev.alphapulse.system.v1.RegisterAgentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RegisterAgent"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.system.v1.RegisterAgentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.system.v1.RegisterAgentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SystemServiceMethodDescriptorSupplier("RegisterAgent"))
              .build();
        }
      }
    }
    return getRegisterAgentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.system.v1.SendHeartbeatRequest,
      dev.alphapulse.system.v1.SendHeartbeatResponse> getSendHeartbeatMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SendHeartbeat",
      requestType = dev.alphapulse.system.v1.SendHeartbeatRequest.class,
      responseType = dev.alphapulse.system.v1.SendHeartbeatResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.system.v1.SendHeartbeatRequest,
      dev.alphapulse.system.v1.SendHeartbeatResponse> getSendHeartbeatMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.system.v1.SendHeartbeatRequest, dev.alphapulse.system.v1.SendHeartbeatResponse> getSendHeartbeatMethod;
    if ((getSendHeartbeatMethod = SystemServiceGrpc.getSendHeartbeatMethod) == null) {
      synchronized (SystemServiceGrpc.class) {
        if ((getSendHeartbeatMethod = SystemServiceGrpc.getSendHeartbeatMethod) == null) {
          SystemServiceGrpc.getSendHeartbeatMethod = getSendHeartbeatMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.system.v1.SendHeartbeatRequest, dev.alphapulse.system.v1.SendHeartbeatResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SendHeartbeat"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.system.v1.SendHeartbeatRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.system.v1.SendHeartbeatResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SystemServiceMethodDescriptorSupplier("SendHeartbeat"))
              .build();
        }
      }
    }
    return getSendHeartbeatMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.system.v1.ControlMeshRequest,
      dev.alphapulse.system.v1.ControlMeshResponse> getControlMeshMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ControlMesh",
      requestType = dev.alphapulse.system.v1.ControlMeshRequest.class,
      responseType = dev.alphapulse.system.v1.ControlMeshResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.system.v1.ControlMeshRequest,
      dev.alphapulse.system.v1.ControlMeshResponse> getControlMeshMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.system.v1.ControlMeshRequest, dev.alphapulse.system.v1.ControlMeshResponse> getControlMeshMethod;
    if ((getControlMeshMethod = SystemServiceGrpc.getControlMeshMethod) == null) {
      synchronized (SystemServiceGrpc.class) {
        if ((getControlMeshMethod = SystemServiceGrpc.getControlMeshMethod) == null) {
          SystemServiceGrpc.getControlMeshMethod = getControlMeshMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.system.v1.ControlMeshRequest, dev.alphapulse.system.v1.ControlMeshResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ControlMesh"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.system.v1.ControlMeshRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.system.v1.ControlMeshResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SystemServiceMethodDescriptorSupplier("ControlMesh"))
              .build();
        }
      }
    }
    return getControlMeshMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static SystemServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SystemServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SystemServiceStub>() {
        @java.lang.Override
        public SystemServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SystemServiceStub(channel, callOptions);
        }
      };
    return SystemServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static SystemServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SystemServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SystemServiceBlockingV2Stub>() {
        @java.lang.Override
        public SystemServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SystemServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return SystemServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static SystemServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SystemServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SystemServiceBlockingStub>() {
        @java.lang.Override
        public SystemServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SystemServiceBlockingStub(channel, callOptions);
        }
      };
    return SystemServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static SystemServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SystemServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SystemServiceFutureStub>() {
        @java.lang.Override
        public SystemServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SystemServiceFutureStub(channel, callOptions);
        }
      };
    return SystemServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Answered by the supervisor.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Every process of the mesh and how it is.
     * </pre>
     */
    default void getMeshStatus(dev.alphapulse.system.v1.GetMeshStatusRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.GetMeshStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMeshStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Adds an agent that the supervisor did not start itself.
     * </pre>
     */
    default void registerAgent(dev.alphapulse.system.v1.RegisterAgentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.RegisterAgentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRegisterAgentMethod(), responseObserver);
    }

    /**
     * <pre>
     * An agent is alive; heartbeats that stop make it unhealthy.
     * </pre>
     */
    default void sendHeartbeat(dev.alphapulse.system.v1.SendHeartbeatRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.SendHeartbeatResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSendHeartbeatMethod(), responseObserver);
    }

    /**
     * <pre>
     * Restarts one service, or stops the mesh.
     * </pre>
     */
    default void controlMesh(dev.alphapulse.system.v1.ControlMeshRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.ControlMeshResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getControlMeshMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service SystemService.
   * <pre>
   * Answered by the supervisor.
   * </pre>
   */
  public static abstract class SystemServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return SystemServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service SystemService.
   * <pre>
   * Answered by the supervisor.
   * </pre>
   */
  public static final class SystemServiceStub
      extends io.grpc.stub.AbstractAsyncStub<SystemServiceStub> {
    private SystemServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SystemServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SystemServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Every process of the mesh and how it is.
     * </pre>
     */
    public void getMeshStatus(dev.alphapulse.system.v1.GetMeshStatusRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.GetMeshStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMeshStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Adds an agent that the supervisor did not start itself.
     * </pre>
     */
    public void registerAgent(dev.alphapulse.system.v1.RegisterAgentRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.RegisterAgentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRegisterAgentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * An agent is alive; heartbeats that stop make it unhealthy.
     * </pre>
     */
    public void sendHeartbeat(dev.alphapulse.system.v1.SendHeartbeatRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.SendHeartbeatResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSendHeartbeatMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Restarts one service, or stops the mesh.
     * </pre>
     */
    public void controlMesh(dev.alphapulse.system.v1.ControlMeshRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.ControlMeshResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getControlMeshMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service SystemService.
   * <pre>
   * Answered by the supervisor.
   * </pre>
   */
  public static final class SystemServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<SystemServiceBlockingV2Stub> {
    private SystemServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SystemServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SystemServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Every process of the mesh and how it is.
     * </pre>
     */
    public dev.alphapulse.system.v1.GetMeshStatusResponse getMeshStatus(dev.alphapulse.system.v1.GetMeshStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetMeshStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds an agent that the supervisor did not start itself.
     * </pre>
     */
    public dev.alphapulse.system.v1.RegisterAgentResponse registerAgent(dev.alphapulse.system.v1.RegisterAgentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRegisterAgentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * An agent is alive; heartbeats that stop make it unhealthy.
     * </pre>
     */
    public dev.alphapulse.system.v1.SendHeartbeatResponse sendHeartbeat(dev.alphapulse.system.v1.SendHeartbeatRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSendHeartbeatMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Restarts one service, or stops the mesh.
     * </pre>
     */
    public dev.alphapulse.system.v1.ControlMeshResponse controlMesh(dev.alphapulse.system.v1.ControlMeshRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getControlMeshMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service SystemService.
   * <pre>
   * Answered by the supervisor.
   * </pre>
   */
  public static final class SystemServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<SystemServiceBlockingStub> {
    private SystemServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SystemServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SystemServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Every process of the mesh and how it is.
     * </pre>
     */
    public dev.alphapulse.system.v1.GetMeshStatusResponse getMeshStatus(dev.alphapulse.system.v1.GetMeshStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMeshStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds an agent that the supervisor did not start itself.
     * </pre>
     */
    public dev.alphapulse.system.v1.RegisterAgentResponse registerAgent(dev.alphapulse.system.v1.RegisterAgentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRegisterAgentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * An agent is alive; heartbeats that stop make it unhealthy.
     * </pre>
     */
    public dev.alphapulse.system.v1.SendHeartbeatResponse sendHeartbeat(dev.alphapulse.system.v1.SendHeartbeatRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSendHeartbeatMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Restarts one service, or stops the mesh.
     * </pre>
     */
    public dev.alphapulse.system.v1.ControlMeshResponse controlMesh(dev.alphapulse.system.v1.ControlMeshRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getControlMeshMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service SystemService.
   * <pre>
   * Answered by the supervisor.
   * </pre>
   */
  public static final class SystemServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<SystemServiceFutureStub> {
    private SystemServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SystemServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SystemServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Every process of the mesh and how it is.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.system.v1.GetMeshStatusResponse> getMeshStatus(
        dev.alphapulse.system.v1.GetMeshStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMeshStatusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Adds an agent that the supervisor did not start itself.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.system.v1.RegisterAgentResponse> registerAgent(
        dev.alphapulse.system.v1.RegisterAgentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRegisterAgentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * An agent is alive; heartbeats that stop make it unhealthy.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.system.v1.SendHeartbeatResponse> sendHeartbeat(
        dev.alphapulse.system.v1.SendHeartbeatRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSendHeartbeatMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Restarts one service, or stops the mesh.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.system.v1.ControlMeshResponse> controlMesh(
        dev.alphapulse.system.v1.ControlMeshRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getControlMeshMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_MESH_STATUS = 0;
  private static final int METHODID_REGISTER_AGENT = 1;
  private static final int METHODID_SEND_HEARTBEAT = 2;
  private static final int METHODID_CONTROL_MESH = 3;

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
        case METHODID_GET_MESH_STATUS:
          serviceImpl.getMeshStatus((dev.alphapulse.system.v1.GetMeshStatusRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.GetMeshStatusResponse>) responseObserver);
          break;
        case METHODID_REGISTER_AGENT:
          serviceImpl.registerAgent((dev.alphapulse.system.v1.RegisterAgentRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.RegisterAgentResponse>) responseObserver);
          break;
        case METHODID_SEND_HEARTBEAT:
          serviceImpl.sendHeartbeat((dev.alphapulse.system.v1.SendHeartbeatRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.SendHeartbeatResponse>) responseObserver);
          break;
        case METHODID_CONTROL_MESH:
          serviceImpl.controlMesh((dev.alphapulse.system.v1.ControlMeshRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.system.v1.ControlMeshResponse>) responseObserver);
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
          getGetMeshStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.system.v1.GetMeshStatusRequest,
              dev.alphapulse.system.v1.GetMeshStatusResponse>(
                service, METHODID_GET_MESH_STATUS)))
        .addMethod(
          getRegisterAgentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.system.v1.RegisterAgentRequest,
              dev.alphapulse.system.v1.RegisterAgentResponse>(
                service, METHODID_REGISTER_AGENT)))
        .addMethod(
          getSendHeartbeatMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.system.v1.SendHeartbeatRequest,
              dev.alphapulse.system.v1.SendHeartbeatResponse>(
                service, METHODID_SEND_HEARTBEAT)))
        .addMethod(
          getControlMeshMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.system.v1.ControlMeshRequest,
              dev.alphapulse.system.v1.ControlMeshResponse>(
                service, METHODID_CONTROL_MESH)))
        .build();
  }

  private static abstract class SystemServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    SystemServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.alphapulse.system.v1.SystemProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("SystemService");
    }
  }

  private static final class SystemServiceFileDescriptorSupplier
      extends SystemServiceBaseDescriptorSupplier {
    SystemServiceFileDescriptorSupplier() {}
  }

  private static final class SystemServiceMethodDescriptorSupplier
      extends SystemServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    SystemServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (SystemServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new SystemServiceFileDescriptorSupplier())
              .addMethod(getGetMeshStatusMethod())
              .addMethod(getRegisterAgentMethod())
              .addMethod(getSendHeartbeatMethod())
              .addMethod(getControlMeshMethod())
              .build();
        }
      }
    }
    return result;
  }
}

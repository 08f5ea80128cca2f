package dev.alphapulse.execution.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Orders of all accounts. What it acknowledges is in the journal.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ExecutionServiceGrpc {

  private ExecutionServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "alphapulse.execution.v1.ExecutionService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.SubmitOrderRequest,
      dev.alphapulse.execution.v1.SubmitOrderResponse> getSubmitOrderMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitOrder",
      requestType = dev.alphapulse.execution.v1.SubmitOrderRequest.class,
      responseType = dev.alphapulse.execution.v1.SubmitOrderResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.SubmitOrderRequest,
      dev.alphapulse.execution.v1.SubmitOrderResponse> getSubmitOrderMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.SubmitOrderRequest, dev.alphapulse.execution.v1.SubmitOrderResponse> getSubmitOrderMethod;
    if ((getSubmitOrderMethod = ExecutionServiceGrpc.getSubmitOrderMethod) == null) {
      synchronized (ExecutionServiceGrpc.class) {
        if ((getSubmitOrderMethod = ExecutionServiceGrpc.getSubmitOrderMethod) == null) {
          ExecutionServiceGrpc.getSubmitOrderMethod = getSubmitOrderMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.execution.v1.SubmitOrderRequest, dev.alphapulse.execution.v1.SubmitOrderResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitOrder"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.SubmitOrderRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.SubmitOrderResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutionServiceMethodDescriptorSupplier("SubmitOrder"))
              .build();
        }
      }
    }
    return getSubmitOrderMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.CancelOrderRequest,
      dev.alphapulse.execution.v1.CancelOrderResponse> getCancelOrderMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CancelOrder",
      requestType = dev.alphapulse.execution.v1.CancelOrderRequest.class,
      responseType = dev.alphapulse.execution.v1.CancelOrderResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.CancelOrderRequest,
      dev.alphapulse.execution.v1.CancelOrderResponse> getCancelOrderMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.CancelOrderRequest, dev.alphapulse.execution.v1.CancelOrderResponse> getCancelOrderMethod;
    if ((getCancelOrderMethod = ExecutionServiceGrpc.getCancelOrderMethod) == null) {
      synchronized (ExecutionServiceGrpc.class) {
        if ((getCancelOrderMethod = ExecutionServiceGrpc.getCancelOrderMethod) == null) {
          ExecutionServiceGrpc.getCancelOrderMethod = getCancelOrderMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.execution.v1.CancelOrderRequest, dev.alphapulse.execution.v1.CancelOrderResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CancelOrder"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.CancelOrderRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.CancelOrderResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutionServiceMethodDescriptorSupplier("CancelOrder"))
              .build();
        }
      }
    }
    return getCancelOrderMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.GetOrderRequest,
      dev.alphapulse.execution.v1.GetOrderResponse> getGetOrderMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetOrder",
      requestType = dev.alphapulse.execution.v1.GetOrderRequest.class,
      responseType = dev.alphapulse.execution.v1.GetOrderResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.GetOrderRequest,
      dev.alphapulse.execution.v1.GetOrderResponse> getGetOrderMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.GetOrderRequest, dev.alphapulse.execution.v1.GetOrderResponse> getGetOrderMethod;
    if ((getGetOrderMethod = ExecutionServiceGrpc.getGetOrderMethod) == null) {
      synchronized (ExecutionServiceGrpc.class) {
        if ((getGetOrderMethod = ExecutionServiceGrpc.getGetOrderMethod) == null) {
          ExecutionServiceGrpc.getGetOrderMethod = getGetOrderMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.execution.v1.GetOrderRequest, dev.alphapulse.execution.v1.GetOrderResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetOrder"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.GetOrderRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.GetOrderResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutionServiceMethodDescriptorSupplier("GetOrder"))
              .build();
        }
      }
    }
    return getGetOrderMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.ListOrdersRequest,
      dev.alphapulse.execution.v1.ListOrdersResponse> getListOrdersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListOrders",
      requestType = dev.alphapulse.execution.v1.ListOrdersRequest.class,
      responseType = dev.alphapulse.execution.v1.ListOrdersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.ListOrdersRequest,
      dev.alphapulse.execution.v1.ListOrdersResponse> getListOrdersMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.ListOrdersRequest, dev.alphapulse.execution.v1.ListOrdersResponse> getListOrdersMethod;
    if ((getListOrdersMethod = ExecutionServiceGrpc.getListOrdersMethod) == null) {
      synchronized (ExecutionServiceGrpc.class) {
        if ((getListOrdersMethod = ExecutionServiceGrpc.getListOrdersMethod) == null) {
          ExecutionServiceGrpc.getListOrdersMethod = getListOrdersMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.execution.v1.ListOrdersRequest, dev.alphapulse.execution.v1.ListOrdersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListOrders"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.ListOrdersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.ListOrdersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutionServiceMethodDescriptorSupplier("ListOrders"))
              .build();
        }
      }
    }
    return getListOrdersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.ListFillsRequest,
      dev.alphapulse.execution.v1.ListFillsResponse> getListFillsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListFills",
      requestType = dev.alphapulse.execution.v1.ListFillsRequest.class,
      responseType = dev.alphapulse.execution.v1.ListFillsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.ListFillsRequest,
      dev.alphapulse.execution.v1.ListFillsResponse> getListFillsMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.ListFillsRequest, dev.alphapulse.execution.v1.ListFillsResponse> getListFillsMethod;
    if ((getListFillsMethod = ExecutionServiceGrpc.getListFillsMethod) == null) {
      synchronized (ExecutionServiceGrpc.class) {
        if ((getListFillsMethod = ExecutionServiceGrpc.getListFillsMethod) == null) {
          ExecutionServiceGrpc.getListFillsMethod = getListFillsMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.execution.v1.ListFillsRequest, dev.alphapulse.execution.v1.ListFillsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListFills"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.ListFillsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.ListFillsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutionServiceMethodDescriptorSupplier("ListFills"))
              .build();
        }
      }
    }
    return getListFillsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.SubmitFramesRequest,
      dev.alphapulse.execution.v1.SubmitFramesResponse> getSubmitFramesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitFrames",
      requestType = dev.alphapulse.execution.v1.SubmitFramesRequest.class,
      responseType = dev.alphapulse.execution.v1.SubmitFramesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.SubmitFramesRequest,
      dev.alphapulse.execution.v1.SubmitFramesResponse> getSubmitFramesMethod() {
    io.grpc.MethodDescriptor<dev.alphapulse.execution.v1.SubmitFramesRequest, dev.alphapulse.execution.v1.SubmitFramesResponse> getSubmitFramesMethod;
    if ((getSubmitFramesMethod = ExecutionServiceGrpc.getSubmitFramesMethod) == null) {
      synchronized (ExecutionServiceGrpc.class) {
        if ((getSubmitFramesMethod = ExecutionServiceGrpc.getSubmitFramesMethod) == null) {
          ExecutionServiceGrpc.getSubmitFramesMethod = getSubmitFramesMethod =
              io.grpc.MethodDescriptor.<dev.alphapulse.execution.v1.SubmitFramesRequest, dev.alphapulse.execution.v1.SubmitFramesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitFrames"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.SubmitFramesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.alphapulse.execution.v1.SubmitFramesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ExecutionServiceMethodDescriptorSupplier("SubmitFrames"))
              .build();
        }
      }
    }
    return getSubmitFramesMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ExecutionServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ExecutionServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ExecutionServiceStub>() {
        @java.lang.Override
        public ExecutionServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ExecutionServiceStub(channel, callOptions);
        }
      };
    return ExecutionServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ExecutionServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ExecutionServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ExecutionServiceBlockingV2Stub>() {
        @java.lang.Override
        public ExecutionServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ExecutionServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ExecutionServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ExecutionServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ExecutionServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ExecutionServiceBlockingStub>() {
        @java.lang.Override
        public ExecutionServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ExecutionServiceBlockingStub(channel, callOptions);
        }
      };
    return ExecutionServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ExecutionServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ExecutionServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ExecutionServiceFutureStub>() {
        @java.lang.Override
        public ExecutionServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ExecutionServiceFutureStub(channel, callOptions);
        }
      };
    return ExecutionServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Orders of all accounts. What it acknowledges is in the journal.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Takes one order. The same client_order_id of the same account is the same order.
     * </pre>
     */
    default void submitOrder(dev.alphapulse.execution.v1.SubmitOrderRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.SubmitOrderResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubmitOrderMethod(), responseObserver);
    }

    /**
     * <pre>
     * Asks for the cancelation of a working order.
     * </pre>
     */
    default void cancelOrder(dev.alphapulse.execution.v1.CancelOrderRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.CancelOrderResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCancelOrderMethod(), responseObserver);
    }

    /**
     * <pre>
     * One order by its id or by account and client order id.
     * </pre>
     */
    default void getOrder(dev.alphapulse.execution.v1.GetOrderRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.GetOrderResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetOrderMethod(), responseObserver);
    }

    /**
     * <pre>
     * All orders that pass a filter, a page at a time, newest first.
     * </pre>
     */
    default void listOrders(dev.alphapulse.execution.v1.ListOrdersRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.ListOrdersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListOrdersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Fills of an order, or all of them, newest first.
     * </pre>
     */
    default void listFills(dev.alphapulse.execution.v1.ListFillsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.ListFillsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListFillsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Order frames up (types 40, 43, 44), one acknowledgement a frame down once it is durable.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.SubmitFramesRequest> submitFrames(
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.SubmitFramesResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getSubmitFramesMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ExecutionService.
   * <pre>
   * Orders of all accounts. What it acknowledges is in the journal.
   * </pre>
   */
  public static abstract class ExecutionServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ExecutionServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ExecutionService.
   * <pre>
   * Orders of all accounts. What it acknowledges is in the journal.
   * </pre>
   */
  public static final class ExecutionServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ExecutionServiceStub> {
    private ExecutionServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ExecutionServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ExecutionServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Takes one order. The same client_order_id of the same account is the same order.
     * </pre>
     */
    public void submitOrder(dev.alphapulse.execution.v1.SubmitOrderRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.SubmitOrderResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSubmitOrderMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Asks for the cancelation of a working order.
     * </pre>
     */
    public void cancelOrder(dev.alphapulse.execution.v1.CancelOrderRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.CancelOrderResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCancelOrderMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * One order by its id or by account and client order id.
     * </pre>
     */
    public void getOrder(dev.alphapulse.execution.v1.GetOrderRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.GetOrderResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetOrderMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * All orders that pass a filter, a page at a time, newest first.
     * </pre>
     */
    public void listOrders(dev.alphapulse.execution.v1.ListOrdersRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.ListOrdersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListOrdersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Fills of an order, or all of them, newest first.
     * </pre>
     */
    public void listFills(dev.alphapulse.execution.v1.ListFillsRequest request,
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.ListFillsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListFillsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Order frames up (types 40, 43, 44), one acknowledgement a frame down once it is durable.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.SubmitFramesRequest> submitFrames(
        io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.SubmitFramesResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getSubmitFramesMethod(), getCallOptions()), responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ExecutionService.
   * <pre>
   * Orders of all accounts. What it acknowledges is in the journal.
   * </pre>
   */
  public static final class ExecutionServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ExecutionServiceBlockingV2Stub> {
    private ExecutionServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ExecutionServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ExecutionServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Takes one order. The same client_order_id of the same account is the same order.
     * </pre>
     */
    public dev.alphapulse.execution.v1.SubmitOrderResponse submitOrder(dev.alphapulse.execution.v1.SubmitOrderRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSubmitOrderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks for the cancelation of a working order.
     * </pre>
     */
    public dev.alphapulse.execution.v1.CancelOrderResponse cancelOrder(dev.alphapulse.execution.v1.CancelOrderRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCancelOrderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One order by its id or by account and client order id.
     * </pre>
     */
    public dev.alphapulse.execution.v1.GetOrderResponse getOrder(dev.alphapulse.execution.v1.GetOrderRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetOrderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All orders that pass a filter, a page at a time, newest first.
     * </pre>
     */
    public dev.alphapulse.execution.v1.ListOrdersResponse listOrders(dev.alphapulse.execution.v1.ListOrdersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListOrdersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Fills of an order, or all of them, newest first.
     * </pre>
     */
    public dev.alphapulse.execution.v1.ListFillsResponse listFills(dev.alphapulse.execution.v1.ListFillsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListFillsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Order frames up (types 40, 43, 44), one acknowledgement a frame down once it is durable.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.alphapulse.execution.v1.SubmitFramesRequest, dev.alphapulse.execution.v1.SubmitFramesResponse>
        submitFrames() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getSubmitFramesMethod(), getCallOptions());
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ExecutionService.
   * <pre>
   * Orders of all accounts. What it acknowledges is in the journal.
   * </pre>
   */
  public static final class ExecutionServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ExecutionServiceBlockingStub> {
    private ExecutionServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ExecutionServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ExecutionServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Takes one order. The same client_order_id of the same account is the same order.
     * </pre>
     */
    public dev.alphapulse.execution.v1.SubmitOrderResponse submitOrder(dev.alphapulse.execution.v1.SubmitOrderRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSubmitOrderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks for the cancelation of a working order.
     * </pre>
     */
    public dev.alphapulse.execution.v1.CancelOrderResponse cancelOrder(dev.alphapulse.execution.v1.CancelOrderRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCancelOrderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One order by its id or by account and client order id.
     * </pre>
     */
    public dev.alphapulse.execution.v1.GetOrderResponse getOrder(dev.alphapulse.execution.v1.GetOrderRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetOrderMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All orders that pass a filter, a page at a time, newest first.
     * </pre>
     */
    public dev.alphapulse.execution.v1.ListOrdersResponse listOrders(dev.alphapulse.execution.v1.ListOrdersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListOrdersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Fills of an order, or all of them, newest first.
     * </pre>
     */
    public dev.alphapulse.execution.v1.ListFillsResponse listFills(dev.alphapulse.execution.v1.ListFillsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListFillsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ExecutionService.
   * <pre>
   * Orders of all accounts. What it acknowledges is in the journal.
   * </pre>
   */
  public static final class ExecutionServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ExecutionServiceFutureStub> {
    private ExecutionServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ExecutionServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ExecutionServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Takes one order. The same client_order_id of the same account is the same order.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.execution.v1.SubmitOrderResponse> submitOrder(
        dev.alphapulse.execution.v1.SubmitOrderRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSubmitOrderMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Asks for the cancelation of a working order.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.execution.v1.CancelOrderResponse> cancelOrder(
        dev.alphapulse.execution.v1.CancelOrderRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCancelOrderMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * One order by its id or by account and client order id.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.execution.v1.GetOrderResponse> getOrder(
        dev.alphapulse.execution.v1.GetOrderRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetOrderMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * All orders that pass a filter, a page at a time, newest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.execution.v1.ListOrdersResponse> listOrders(
        dev.alphapulse.execution.v1.ListOrdersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListOrdersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Fills of an order, or all of them, newest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.alphapulse.execution.v1.ListFillsResponse> listFills(
        dev.alphapulse.execution.v1.ListFillsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListFillsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_SUBMIT_ORDER = 0;
  private static final int METHODID_CANCEL_ORDER = 1;
  private static final int METHODID_GET_ORDER = 2;
  private static final int METHODID_LIST_ORDERS = 3;
  private static final int METHODID_LIST_FILLS = 4;
  private static final int METHODID_SUBMIT_FRAMES = 5;

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
        case METHODID_SUBMIT_ORDER:
          serviceImpl.submitOrder((dev.alphapulse.execution.v1.SubmitOrderRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.SubmitOrderResponse>) responseObserver);
          break;
        case METHODID_CANCEL_ORDER:
          serviceImpl.cancelOrder((dev.alphapulse.execution.v1.CancelOrderRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.CancelOrderResponse>) responseObserver);
          break;
        case METHODID_GET_ORDER:
          serviceImpl.getOrder((dev.alphapulse.execution.v1.GetOrderRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.GetOrderResponse>) responseObserver);
          break;
        case METHODID_LIST_ORDERS:
          serviceImpl.listOrders((dev.alphapulse.execution.v1.ListOrdersRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.ListOrdersResponse>) responseObserver);
          break;
        case METHODID_LIST_FILLS:
          serviceImpl.listFills((dev.alphapulse.execution.v1.ListFillsRequest) request,
              (io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.ListFillsResponse>) responseObserver);
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
        case METHODID_SUBMIT_FRAMES:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.submitFrames(
              (io.grpc.stub.StreamObserver<dev.alphapulse.execution.v1.SubmitFramesResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getSubmitOrderMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.execution.v1.SubmitOrderRequest,
              dev.alphapulse.execution.v1.SubmitOrderResponse>(
                service, METHODID_SUBMIT_ORDER)))
        .addMethod(
          getCancelOrderMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.execution.v1.CancelOrderRequest,
              dev.alphapulse.execution.v1.CancelOrderResponse>(
                service, METHODID_CANCEL_ORDER)))
        .addMethod(
          getGetOrderMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.execution.v1.GetOrderRequest,
              dev.alphapulse.execution.v1.GetOrderResponse>(
                service, METHODID_GET_ORDER)))
        .addMethod(
          getListOrdersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.execution.v1.ListOrdersRequest,
              dev.alphapulse.execution.v1.ListOrdersResponse>(
                service, METHODID_LIST_ORDERS)))
        .addMethod(
          getListFillsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.alphapulse.execution.v1.ListFillsRequest,
              dev.alphapulse.execution.v1.ListFillsResponse>(
                service, METHODID_LIST_FILLS)))
        .addMethod(
          getSubmitFramesMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              dev.alphapulse.execution.v1.SubmitFramesRequest,
              dev.alphapulse.execution.v1.SubmitFramesResponse>(
                service, METHODID_SUBMIT_FRAMES)))
        .build();
  }

  private static abstract class ExecutionServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ExecutionServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.alphapulse.execution.v1.ExecutionProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ExecutionService");
    }
  }

  private static final class ExecutionServiceFileDescriptorSupplier
      extends ExecutionServiceBaseDescriptorSupplier {
    ExecutionServiceFileDescriptorSupplier() {}
  }

  private static final class ExecutionServiceMethodDescriptorSupplier
      extends ExecutionServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ExecutionServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ExecutionServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ExecutionServiceFileDescriptorSupplier())
              .addMethod(getSubmitOrderMethod())
              .addMethod(getCancelOrderMethod())
              .addMethod(getGetOrderMethod())
              .addMethod(getListOrdersMethod())
              .addMethod(getListFillsMethod())
              .addMethod(getSubmitFramesMethod())
              .build();
        }
      }
    }
    return result;
  }
}

package alphapulse.bench;

import com.lmax.disruptor.BatchEventProcessor;
import com.lmax.disruptor.BatchEventProcessorBuilder;
import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.WaitStrategy;
import com.lmax.disruptor.YieldingWaitStrategy;
import com.lmax.disruptor.dsl.ProducerType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;

/**
 * LMAX Disruptor on the same work as the ring: producers write every byte of each event, consumers
 * read every byte.
 *
 * <p>Reads one command a line from standard input and answers one line of numbers:
 * {@code throughput <producers> <consumers> <bytes> <batch> <events> <slots>} gives
 * {@code <seconds>} for all events to reach all consumers; {@code latency <bytes> <rounds> <slots>}
 * gives {@code <p50> <p99> <p999> <max>}, one way in nanoseconds, half of a round trip. One process
 * serves all rounds, so that the code is compiled when it counts.
 */
public final class LmaxBench {
  /** Eight longs in the object itself: the layout that suits the Disruptor best. */
  static final class Event {
    long a;
    long b;
    long c;
    long d;
    long e;
    long f;
    long g;
    long h;
    final long[] more;

    Event(int bytes) {
      more = bytes > 64 ? new long[(bytes - 64) / 8] : null;
    }

    void write(long value) {
      a = value;
      b = value;
      c = value;
      d = value;
      e = value;
      f = value;
      g = value;
      h = value;
      if (more != null) {
        Arrays.fill(more, value);
      }
    }

    long sum() {
      long sum = a + b + c + d + e + f + g + h;
      if (more != null) {
        for (long value : more) {
          sum += value;
        }
      }
      return sum;
    }
  }

  static final class Summing implements EventHandler<Event> {
    private final long total;
    private final CountDownLatch done;
    private long seen;
    private long sum;
    volatile long finished;

    Summing(long total, CountDownLatch done) {
      this.total = total;
      this.done = done;
    }

    @Override
    public void onEvent(Event event, long sequence, boolean endOfBatch) {
      sum += event.sum();
      if (++seen == total) {
        finished = System.nanoTime();
        done.countDown();
      }
    }
  }

  public static void main(String[] args) throws Exception {
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String[] words = line.trim().split(" ");
      System.out.println(answer(words));
      System.out.flush();
    }
  }

  private static String answer(String[] words) throws Exception {
    long[] n = Arrays.stream(words).skip(1).mapToLong(Long::parseLong).toArray();
    return switch (words[0]) {
      case "throughput" ->
          Double.toString(
              throughput((int) n[0], (int) n[1], (int) n[2], (int) n[3], n[4], (int) n[5]));
      case "latency" -> latency((int) n[0], (int) n[1], (int) n[2]);
      default -> throw new IOException("no such command: " + words[0]);
    };
  }

  private static double throughput(
      int producers, int consumers, int bytes, int batch, long events, int slots)
      throws Exception {
    ProducerType type = producers == 1 ? ProducerType.SINGLE : ProducerType.MULTI;
    RingBuffer<Event> ring =
        RingBuffer.create(type, () -> new Event(bytes), slots, new YieldingWaitStrategy());
    long each = events / producers / batch * batch;
    long total = each * producers;
    CountDownLatch done = new CountDownLatch(consumers);
    BatchEventProcessor<?>[] processors = new BatchEventProcessor<?>[consumers];
    Summing[] handlers = new Summing[consumers];
    Sequence[] cursors = new Sequence[consumers];
    for (int i = 0; i < consumers; i++) {
      handlers[i] = new Summing(total, done);
      BatchEventProcessor<Event> processor =
          new BatchEventProcessorBuilder().build(ring, ring.newBarrier(), handlers[i]);
      processors[i] = processor;
      cursors[i] = processor.getSequence();
    }
    ring.addGatingSequences(cursors);
    Thread[] consumerThreads = new Thread[consumers];
    for (int i = 0; i < consumers; i++) {
      consumerThreads[i] = new Thread(processors[i]);
      consumerThreads[i].start();
      while (!processors[i].isRunning()) {
        Thread.onSpinWait();
      }
    }
    long[] from = new long[1];
    CyclicBarrier start = new CyclicBarrier(producers, () -> from[0] = System.nanoTime());
    Thread[] producerThreads = new Thread[producers];
    for (int i = 0; i < producers; i++) {
      producerThreads[i] = new Thread(() -> produce(ring, start, each, batch));
      producerThreads[i].start();
    }
    done.await();
    long last = Arrays.stream(handlers).mapToLong(handler -> handler.finished).max().orElseThrow();
    double seconds = (last - from[0]) / 1e9;
    for (Thread thread : producerThreads) {
      thread.join();
    }
    for (BatchEventProcessor<?> processor : processors) {
      processor.halt();
    }
    for (Thread thread : consumerThreads) {
      thread.join();
    }
    return seconds;
  }

  private static void produce(RingBuffer<Event> ring, CyclicBarrier start, long each, int batch) {
    try {
      start.await();
    } catch (Exception interrupted) {
      throw new IllegalStateException(interrupted);
    }
    if (batch == 1) {
      for (long i = 0; i < each; i++) {
        long sequence = ring.next();
        ring.get(sequence).write(i);
        ring.publish(sequence);
      }
      return;
    }
    for (long i = 0; i < each; i += batch) {
      long last = ring.next(batch);
      long first = last - batch + 1;
      for (long sequence = first; sequence <= last; sequence++) {
        ring.get(sequence).write(i + sequence - first);
      }
      ring.publish(first, last);
    }
  }

  private static String latency(int bytes, int rounds, int slots) throws Exception {
    WaitStrategy spin = new BusySpinWaitStrategy();
    RingBuffer<Event> there =
        RingBuffer.create(ProducerType.SINGLE, () -> new Event(bytes), slots, spin);
    RingBuffer<Event> back =
        RingBuffer.create(ProducerType.SINGLE, () -> new Event(bytes), slots, spin);
    BatchEventProcessor<Event> echo =
        new BatchEventProcessorBuilder()
            .build(
                there,
                there.newBarrier(),
                (event, sequence, end) -> {
                  long next = back.next();
                  back.get(next).write(event.sum());
                  back.publish(next);
                });
    there.addGatingSequences(echo.getSequence());
    Sequence cursor = new Sequence(-1);
    back.addGatingSequences(cursor);
    Thread thread = new Thread(echo);
    thread.start();
    while (!echo.isRunning()) {
      Thread.onSpinWait();
    }
    long[] oneWay = new long[rounds];
    long check = 0;
    for (int i = 0; i < rounds; i++) {
      long from = System.nanoTime();
      long next = there.next();
      there.get(next).write(i);
      there.publish(next);
      while (back.getCursor() < i) {
        Thread.onSpinWait();
      }
      check += back.get(i).sum();
      cursor.set(i);
      oneWay[i] = (System.nanoTime() - from) / 2;
    }
    echo.halt();
    thread.join();
    if (check == 42) {
      System.err.println("unlikely");
    }
    Arrays.sort(oneWay);
    return oneWay[rounds / 2]
        + " "
        + oneWay[(int) (rounds * 0.99)]
        + " "
        + oneWay[(int) (rounds * 0.999)]
        + " "
        + oneWay[rounds - 1];
  }
}

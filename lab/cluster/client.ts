import { connect, type Socket } from 'node:net';
import { onMessages, type Order, type Reply, send, type State } from './wire.ts';
import { LabError, type Say } from '../exec.ts';
import { lockAddress } from '../lock.ts';

type Waiter = PromiseWithResolvers<State>;

/** The supervisor ended before it answered. What it held may still be on the machine. */
export class SupervisorLostError extends LabError {}

/** A connection to a cluster's supervisor. */
export class SupervisorClient {
  readonly #socket: Socket;
  readonly #waiters = new Map<number, Waiter>();
  readonly #say: Say;
  #nextId = 1;
  #isClosed = false;

  private constructor(socket: Socket, say: Say) {
    this.#socket = socket;
    this.#say = say;
    socket.on('error', () => undefined);
    socket.on('close', () => this.#lose());
    onMessages<Reply>(socket, (reply) => this.#receive(reply));
  }

  /** Connects to the slot's supervisor; `undefined` when the slot is free. */
  static connect(slot: number, say: Say): Promise<SupervisorClient | undefined> {
    const { promise, resolve } = Promise.withResolvers<SupervisorClient | undefined>();
    const socket = connect(lockAddress(`slot-${slot}`));
    socket.once('error', () => resolve(undefined));
    socket.once('connect', () => resolve(new SupervisorClient(socket, say)));
    return promise;
  }

  /** Resolves when the order has been carried out. @throws LabError with the supervisor's reason. */
  order(order: Order): Promise<State> {
    if (this.#isClosed) return Promise.reject(lost());
    const waiter = Promise.withResolvers<State>();
    const id = this.#nextId++;
    this.#waiters.set(id, waiter);
    send(this.#socket, { id, order });
    return waiter.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(reply: Reply): void {
    switch (reply.kind) {
      case 'log':
        return this.#say(reply.line);
      case 'done':
        return this.#take(reply.id)?.resolve(reply.state);
      case 'failed':
        return this.#take(reply.id)?.reject(new LabError(reply.message));
    }
  }

  #take(id: number): Waiter | undefined {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    return waiter;
  }

  #lose(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters.values()) waiter.reject(lost());
    this.#waiters.clear();
  }
}

function lost(): SupervisorLostError {
  return new SupervisorLostError('The supervisor of the cluster is gone: start the cluster again.');
}

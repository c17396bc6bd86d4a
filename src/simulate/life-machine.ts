/** A Kubernetes Node in a life. */
import type { Departure, KubeNodeObservation } from '../core/observed.ts';

export class LifeMachine {
  readonly name: string;
  alive = true;
  departure: Departure | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Whether the scheduler puts Pods on it. */
  get isOpen(): boolean {
    return this.alive && this.departure === undefined;
  }

  observe(): KubeNodeObservation {
    return { name: this.name, ready: this.alive, departure: this.departure };
  }
}

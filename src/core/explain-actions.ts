/** Each step of a decision in a sentence. */
import type { Action } from './action.ts';
import { counted, sentence } from './words.ts';

type Kind = Action['kind'];
type Of<K extends Kind> = Extract<Action, { readonly kind: K }>;

const said: { readonly [K in Kind]: (action: Of<K>) => string } = {
  CreatePod: ({ name, because }) => `Launches ${name}. ${sentence(because)}`,
  SetInService: ({ pod, inService }) =>
    inService
      ? `Puts ${pod.name} back into the signalling Service.`
      : `Takes ${pod.name} out of the signalling Service, so that nobody new comes through it.`,
  SetWish: ({ pod, wish }) =>
    wish === undefined
      ? `Lets ${pod.name} take new rooms again.`
      : `Closes ${pod.name} until it is empty and leaves: ${sentence(wish.why)}`,
  JudgeRevision: ({ revision, verdict }) =>
    `Notes revision ${revision} as ${verdict.kind.toLowerCase()}: ${sentence(verdict.why)}`,
  EvictNode: ({ pod, participants, because }) =>
    `Removes ${pod.name} with ${counted(participants, 'participant')} on it. ${sentence(because)}`,
  EndWedged: ({ pod }) => `Ends ${pod.name}, which was told to stop and hangs with nobody on it.`,
  RemoveNode: ({ pod, evidence }) =>
    `Removes ${pod.name}, which ${counted(evidence.proofs.length, 'observation')} showed to be empty.`,
  RemoveFailed: ({ pod, because }) => `Removes ${pod.name}, which is no Media Node: ${sentence(because)}`,
  RemoveGhost: ({ nodeId }) => `Removes the registry entry ${nodeId}, whose Pod is gone.`,
};

export function actionSaid<K extends Kind>(action: Of<K>): string {
  const tell: (of: Of<K>) => string = said[action.kind];
  return tell(action);
}

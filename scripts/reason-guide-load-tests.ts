import type { ReasonGuide } from './reason-guide-entry.ts';

const describe = '`kubectl -n NAMESPACE describe ovlt NAME` shows the conditions and the Events.';

/** Of load tests. */
export const loadTestReasons = {
  ScenarioValid: {
    places: ['loadTest'],
    when: 'The scenario was read, and nothing in it contradicts itself.',
    meaning: 'The test goes on to its Media Node.',
    whatToDo: ['Nothing.'],
    seeAlso: ['ScenarioInvalid'],
  },
  ScenarioInvalid: {
    places: ['loadTest'],
    when: 'The scenario is no YAML, does not fit its schema, or asks for what cannot be. The message names every fault.',
    meaning: 'Nothing was started, and no Media Node was touched.',
    whatToDo: [
      'Mend what the message names. `kubectl openvidu loadtest validate FILE` says the same before anything is created.',
      'Delete the OpenViduLoadTest and create it anew: a scenario cannot be changed.',
    ],
    seeAlso: ['ScenarioMissing', 'LoadTestFailed'],
  },
  ScenarioMissing: {
    places: ['loadTest'],
    when: 'The ConfigMap that `spec.scenario.configMapRef` names does not exist, or has no such key.',
    meaning: 'The test waits for it for ten minutes, then it has failed.',
    whatToDo: ['Create the ConfigMap with the key, or delete the OpenViduLoadTest and name another one.'],
    seeAlso: ['ScenarioValid'],
  },
  TargetAwaited: {
    places: ['loadTest'],
    when: 'No Media Node is empty and can be spared, or the chosen one is not yet closed for other rooms.',
    meaning:
      'Nothing runs yet. An empty node is lent even where the fleet cannot spare it: the operator launches another in its place first.',
    whatToDo: [
      'Read the message: it says what is waited for.',
      'If no node becomes empty, cordon one with `kubectl openvidu cordon NODE` and name it in `spec.target.mediaNode`.',
    ],
    seeAlso: ['TargetIsolated', 'LoadTestFailed'],
  },
  TargetIsolated: {
    places: ['loadTest'],
    when: 'The Pod of the Media Node carries the label `openvidu.io/under-test`, and the node is shown as Cordoned.',
    meaning:
      'New rooms go elsewhere, the node is not removed, and its load counts for nothing when the size of the fleet is decided.',
    whatToDo: ['Nothing. It is undone when the test ends, however that is.'],
    seeAlso: ['TargetReturned', 'MediaNodeCordoned'],
  },
  TargetExternal: {
    places: ['loadTest'],
    when: '`spec.target.url` names the server.',
    meaning:
      'The operator can close nothing there. Windows in which the server has rooms of others are INVALID.',
    whatToDo: ['Keep others off the server yourself while the test runs.'],
    seeAlso: ['TargetIsolated'],
  },
  TargetReturned: {
    places: ['loadTest'],
    when: 'The test has ended.',
    meaning: 'The Media Node takes rooms again when they need it, and may be removed as every other.',
    whatToDo: ['Nothing.'],
    seeAlso: ['TargetIsolated'],
  },
  GeneratorsAwaited: {
    places: ['loadTest'],
    when: 'Pods of the generators are not scheduled, do not start, or have lost the coordinator.',
    meaning:
      'Before the test begins it waits, for five minutes. Later the window is INVALID and is repeated.',
    whatToDo: [
      'Read the message: it has the words of the scheduler.',
      'Generators do not run beside Media Nodes. Add a Kubernetes Node, or set `spec.generators.placement.awayFromMediaNodes` to Preferred and trust the figures less.',
    ],
    seeAlso: ['GeneratorsReady', 'LoadTestFailed'],
  },
  GeneratorsReady: {
    places: ['loadTest'],
    when: 'As many generators as `spec.generators.count` are connected.',
    meaning: 'The load is whole.',
    whatToDo: ['Nothing.'],
    seeAlso: ['GeneratorsAwaited'],
  },
  GeneratorsEnded: {
    places: ['loadTest'],
    when: 'The test has ended or is being ended.',
    meaning: 'No load is made any more.',
    whatToDo: ['Nothing.'],
    seeAlso: ['TargetReturned'],
  },
  ResultAwaited: {
    places: ['loadTest'],
    when: 'The test runs, or ended before the coordinator could write a result.',
    meaning: 'There is no answer yet.',
    whatToDo: ['Nothing while it runs.'],
    seeAlso: ['ResultStored'],
  },
  ResultStored: {
    places: ['loadTest'],
    when: 'The coordinator has written its result into the ConfigMap `NAME-result`.',
    meaning: 'It stays when the OpenViduLoadTest is deleted, unless `spec.cleanup.policy` is Delete.',
    whatToDo: ['`kubectl -n NAMESPACE get configmap NAME-result -o yaml` shows it.'],
    seeAlso: ['LoadTestSucceeded'],
  },
  LoadTestRunning: {
    places: ['loadTest'],
    when: 'From the first look of the operator to the end.',
    meaning: 'The message has the phase and what is waited for.',
    whatToDo: ['Nothing. To end it, set `spec.abort` to true.'],
    seeAlso: ['LoadTestAborted'],
  },
  LoadTestStarted: {
    places: ['event'],
    when: 'The operator looked at an OpenViduLoadTest for the first time.',
    meaning: 'It is checked, gets a Media Node, and runs.',
    whatToDo: ['Nothing.'],
    seeAlso: ['LoadTestSucceeded', 'LoadTestFailed'],
  },
  LoadTestSucceeded: {
    places: ['loadTest', 'event'],
    when: 'The coordinator finished all repetitions.',
    meaning: 'The capacity, its interval and what it is bound by are in `status.result`.',
    whatToDo: ['Plan with the lower end of the interval, `lower95`.'],
    seeAlso: ['ResultStored'],
  },
  LoadTestInconclusive: {
    places: ['loadTest', 'event'],
    when: 'The deadline was over, the coordinator was lost, or too many windows were INVALID.',
    meaning: 'There is no capacity that would hold. What was measured is kept.',
    whatToDo: [
      'Read the message. INVALID windows name their reason: mostly generators that are too small or others on the same machine.',
      'Give it more generators, or a longer `deadline`, and create it anew.',
    ],
    seeAlso: ['GeneratorsAwaited'],
  },
  LoadTestFailed: {
    places: ['loadTest', 'event'],
    when: 'Its scenario is wrong, its Media Node is in use or has ended, or its generators did not come up.',
    meaning: 'Nothing was found out. The Media Node was given back.',
    whatToDo: [`Read the message, mend that, and create it anew. ${describe}`],
    seeAlso: ['ScenarioInvalid', 'TargetAwaited', 'GeneratorsAwaited'],
  },
  LoadTestAborted: {
    places: ['loadTest', 'event'],
    when: '`spec.abort` was set to true.',
    meaning: 'Its rooms were ended, the Media Node was given back, and what was measured is kept.',
    whatToDo: ['Nothing.'],
    seeAlso: ['LoadTestRunning'],
  },
  ProfileNotPublished: {
    places: ['event'],
    when: 'The API server refused the OpenViduCapacityProfile that `spec.publishProfile` asks for.',
    meaning: 'The result is stored all the same; the autoscaler does not know of it.',
    whatToDo: [
      'Read the message. Mostly the definition of OpenViduCapacityProfile is not installed, or the operator may not write it: upgrade the chart.',
    ],
    seeAlso: ['LoadTestSucceeded'],
  },
} as const satisfies Readonly<Record<string, ReasonGuide>>;

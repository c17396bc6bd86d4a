/** From anything that was thrown to an exit code and one sentence for people. */
import { CommanderError } from 'commander';
import { CliError, type ExitCode, inSentence } from './cli-error.ts';

export interface Failure {
  readonly exitCode: ExitCode;
  /** `undefined`: nothing to say. */
  readonly sentence: string | undefined;
}

type Tell = (error: Error) => Failure;

const no = (sentence: string): Failure => ({ exitCode: 1, sentence });
const wrong = (sentence: string): Failure => ({ exitCode: 2, sentence });

/** By the name of the class, so that telling of an error does not load the packages that could throw it. */
const known: Readonly<Record<string, Tell>> = {
  KubeConfigError: (error) =>
    wrong(`${inSentence(error.message)}: name a usable file with --kubeconfig and a context with --context.`),
  UnreachableError: (error) =>
    no(
      `the API server does not answer (${last(error)}): check the network and the context of the kubeconfig.`,
    ),
  TimeoutError: (error) => no(`the API server is too slow (${last(error)}): try again.`),
  UnauthorizedError: () => no('the API server does not accept your credentials: log in again.'),
  ForbiddenError: (error) =>
    no(`you lack a right (${last(error)}): ask the administrator of the Kubernetes cluster for it.`),
  NotFoundError: (error) => no(`there is no such thing in the cluster (${last(error)}): check the names.`),
  ConflictError: (error) => no(`the object changed in the meantime (${last(error)}): try again.`),
  ThrottledError: () => no('the API server asks for less: try again later.'),
  ServerError: (error) => no(`the API server failed (${last(error)}): try again.`),
  InvalidError: (error) => no(`the API server refused (${last(error)}): change what was asked for.`),
  RedisUnavailableError: (error) =>
    no(`${inSentence(error.message)}: check the address, and that Redis can be reached from here.`),
  RedisLoginError: (error) => no(`${inSentence(error.message)}: check user name and password.`),
  RedisRefusedError: (error) => no(`${inSentence(error.message)}: check the credentials and their rights.`),
  RedisAddressError: (error) =>
    wrong(`${inSentence(error.message)}: give one such as redis.example.com:6379.`),
  TraceError: (error) => wrong(oneSentence(error.message)),
};

/** Never throws. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return { exitCode: error.exitCode, sentence: oneSentence(error.message) };
  if (error instanceof CommanderError && error.exitCode === 0) return { exitCode: 0, sentence: undefined };
  const tell = error instanceof Error ? known[error.name] : undefined;
  if (error instanceof Error && tell !== undefined) return tell(error);
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return no(
    `something unforeseen happened (${inSentence(what)}): run it again with --verbose and report it.`,
  );
}

/** Errors of the API server begin with the request, which people did not write. */
function last(error: Error): string {
  return inSentence(error.message.replace(/^(GET|POST|PUT|PATCH|DELETE) \S+: /, ''));
}

function oneSentence(text: string): string {
  return `${inSentence(text, 1000)}.`;
}

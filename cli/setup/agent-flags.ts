/**
 * How Node runs an agent. One with containers waits more than it computes: it runs without the optimising
 * compilers and with a small young generation (82 MiB resident after 12 pods instead of 105). One that
 * stands for many simulated nodes computes.
 */
export const agentNodeFlags = (runtime: string): readonly string[] =>
  runtime === 'simulated' ? [] : ['--optimize-for-size', '--max-semi-space-size=1', '--max-opt=1'];

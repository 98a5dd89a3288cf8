/** What every runtime of ours has and no TypeScript library for the language alone declares. */
declare function structuredClone<T>(value: T): T;

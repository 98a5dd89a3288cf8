/**
 * Replaces `$(NAME)` by its value; unknown names stay as written, `$$` is one `$`.
 * Source: third_party/forked/golang/expansion.
 */
export function expand(text: string, value: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, escaped: string, name: string | undefined) => {
    if (escaped === '$') return '$';
    const found = name === undefined ? undefined : value(name);
    return found ?? whole;
  });
}

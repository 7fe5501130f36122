// An answer with all that Markdown has, for the scenes.

export const LONG = `A duration such as \`1h 30m\` is a sequence of **number and unit** pairs. Three things are easy to get wrong:

1. An empty text is *not* zero: refuse it.
2. The same unit twice (\`1h 2h\`) is most likely a typo.
3. Units may come **without a space** between them, as in \`1h30m\`.

## The function

\`\`\`ts
/** Seconds of a duration such as "1h 30m"; throws on anything else. */
export function parseDuration(text: string): number {
  const units = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\\d+)\\s*([dhms])/gi)) {
    // The pattern allows no other unit.
    seconds += Number(amount) * units[unit.toLowerCase() as keyof typeof units];
  }
  if (seconds === 0) throw new RangeError(\`Not a duration: \${text}\`);
  return seconds;
}
\`\`\`

The same in Python, if your scripts need it:

\`\`\`python
import re

UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}

def parse_duration(text: str) -> int:
    """Seconds of a duration such as '1h 30m'."""
    pairs = re.findall(r"(\\d+)\\s*([dhms])", text.lower())
    if not pairs:
        raise ValueError(f"Not a duration: {text!r}")
    return sum(int(amount) * UNITS[unit] for amount, unit in pairs)
\`\`\`

### How the inputs behave

| Input | Result | Note |
|:------|-------:|:----:|
| \`1h 30m\` | 5,400 | the usual form |
| \`90m\` | 5,400 | more than 59 minutes is fine |
| \`1h30m\` | 5,400 | no space needed |
| \`soon\` | error | refused with the text named |

> A library such as *Temporal* knows calendars, too. For a plain number of seconds it is more than you need.

- [x] Parses hours, minutes and seconds
- [x] Refuses an empty text
- [ ] Weeks and months, which have no fixed length

See [MDN on matchAll](https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/String/matchAll) for the details.`;

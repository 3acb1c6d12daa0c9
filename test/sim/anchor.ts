/**
 * The smallest part of a text that a formatter leaves whole: a word, a number, an operator, a whole string or template.
 */
interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A part of a source text, as the position of its first character and that after its last. */
interface Span {
  readonly start: number;
  readonly end: number;
}

const TRIVIA = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const WORD = /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\.?\d(?:[eE][+-]|[\w.])*/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const OPERATOR =
  /\?\.(?!\d)|\.{3}|=>|\*\*=?|>>>?=?|<<=?|[=!]==?|[<>]=|&&=?|\|\|=?|\?\?=?|\+\+|--|[+\-*/%&|^]=|./suy;
/** After these words stands an operand, so that a slash begins a regular expression. */
const BEFORE_OPERAND = /^(?:return|typeof|case|of|in|do|else|void|delete|await|yield|throw|new|instanceof)$/;

const TOP_LEVEL = ['function', 'class', 'const', 'let', 'interface', 'type', 'enum'];
const MODIFIERS = ['private', 'public', 'protected', 'static', 'readonly', 'async', 'override', 'abstract'];
/** A class member's name stands before one of these. */
const AFTER_NAME = ['(', '<', '=', ':', ';', '?', '!'];
const OPENING = ['{', '(', '['];
const CLOSING = ['}', ')', ']'];

/**
 * Finds an expression inside a named declaration. Whitespace, comments and trailing commas do not count, so that a
 * formatter changes nothing.
 * @param within a top-level function, constant or class; or `Class.member`
 * @param expression whole tokens, in the order of the source
 * @returns where it stands, each time; null if the text declares no such name
 */
export function findIn(text: string, within: string, expression: string): Span[] | null {
  const tokens = tokensOf(text);
  const [name = '', member] = within.split('.');
  const outer = declarations(tokens).get(name);
  const part = member === undefined ? outer : outer && membersOf(outer).get(member);
  return part ? occurrences(part, tokensOf(expression)) : null;
}

function occurrences(tokens: readonly Token[], wanted: readonly Token[]): Span[] {
  const isAt = (from: number) => wanted.every(({ text }, n) => tokens[from + n]?.text === text);
  return tokens.flatMap(({ start }, from) => {
    const last = tokens[from + wanted.length - 1];
    return last && isAt(from) ? [{ start, end: last.end }] : [];
  });
}

/** The tokens of each top-level declaration, from its keyword to the next declaration. */
function declarations(tokens: readonly Token[]): Map<string, Token[]> {
  return split(tokens, 0, (at) => {
    const textAt = (index: number) => tokens[index]?.text ?? '';
    const text = textAt(at);
    const name = textAt(textAt(at + 1) === '*' ? at + 2 : at + 1);
    const isType = text !== 'type' || ['=', '<'].includes(textAt(at + 2));
    const isConst = textAt(at - 1) !== 'as'; // as const
    return TOP_LEVEL.includes(text) && isType && isConst && isWord(name) ? name : null;
  });
}

/** The tokens of each member of a class. */
function membersOf(tokens: readonly Token[]): Map<string, Token[]> {
  return split(tokens, 1, (at) => {
    if (!['{', ';', '}'].includes(tokens[at - 1]?.text ?? '')) return null;
    let from = at;
    while (MODIFIERS.includes(tokens[from]?.text ?? '') && isWord(tokens[from + 1]?.text ?? '')) from++;
    if (['get', 'set', '*'].includes(tokens[from]?.text ?? '') && isWord(tokens[from + 1]?.text ?? ''))
      from++;
    const name = tokens[from]?.text ?? '';
    return isWord(name) && AFTER_NAME.includes(tokens[from + 1]?.text ?? '') ? name : null;
  });
}

/** Cuts tokens where a name begins at this depth of brackets. Parts of one name, like get and set, come together. */
function split(
  tokens: readonly Token[],
  depth: number,
  nameAt: (index: number) => string | null,
): Map<string, Token[]> {
  const parts = new Map<string, Token[]>();
  let current: Token[] = [];
  let level = 0;
  for (const [index, token] of tokens.entries()) {
    if (CLOSING.includes(token.text)) level--;
    const name = level === depth ? nameAt(index) : null;
    if (name !== null) {
      current = parts.get(name) ?? [];
      parts.set(name, current);
    }
    if (level >= depth) current.push(token);
    if (OPENING.includes(token.text)) level++;
  }
  return parts;
}

const isWord = (text: string): boolean => /^[#\p{ID_Start}$_]/u.test(text);

/** All tokens but trailing commas. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = skip(text, 0); at < text.length; at = skip(text, tokens.at(-1)?.end ?? text.length)) {
    const end = endOfToken(text, at, tokens.at(-1)?.text ?? '');
    const token = { text: text.slice(at, end), start: at, end };
    if (CLOSING.includes(token.text) && tokens.at(-1)?.text === ',') tokens.pop();
    tokens.push(token);
  }
  return tokens;
}

function endOfToken(text: string, at: number, before: string): number {
  if (text[at] === '`') return endOfTemplate(text, at);
  const isOperand = isWord(before) ? BEFORE_OPERAND.test(before) : !/^['"`\d)\]}]/.test(before);
  const kinds = [WORD, NUMBER, STRING, ...(isOperand ? [REGEX] : []), OPERATOR];
  for (const kind of kinds) {
    const end = endOf(kind, text, at);
    if (end !== null) return end;
  }
  throw new Error(`no token at ${at}`);
}

/** A template is one token, with all that is written into it. */
function endOfTemplate(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text.startsWith('${', at)) at = endOfBraces(text, at + 1) - 1;
  }
  throw new Error(`the template at ${start} has no end`);
}

/** @param start of a brace */
function endOfBraces(text: string, start: number): number {
  let depth = 0;
  let before = '';
  for (let at = start; at < text.length; at = skip(text, at)) {
    const end = endOfToken(text, at, before);
    before = text.slice(at, end);
    if (before === '{') depth++;
    if (before === '}' && --depth === 0) return end;
    at = end;
  }
  throw new Error(`the brace at ${start} has no end`);
}

const skip = (text: string, at: number): number => endOf(TRIVIA, text, at) ?? at;

function endOf(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

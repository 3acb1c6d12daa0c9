import { type Finding, isFit, type Report, type Severity, worstFirst } from '../doctor/findings.js';
import type { Colours } from './colour.js';
import { PLACE_WORDS } from './place-text.js';
import { PROBE_WORDS } from './probe-text.js';
import { RIGHTS_WORDS } from './rights-text.js';
import { TABLE_WORDS } from './table-text.js';
import { counted, type Told, type Words } from './told.js';
import { printable } from './words.js';

/** What doctor found, in words: the report for people, and the document of --json. */

const WORDS: Words = { ...PLACE_WORDS, ...RIGHTS_WORDS, ...PROBE_WORDS, ...TABLE_WORDS };

const describeFinding = (finding: Finding): Told => (WORDS[finding.check] as (one: Finding) => Told)(finding);

/** In one line, for a command that has another task. */
export function describeBriefly(finding: Finding): string {
  const { found, meaning, advice } = describeFinding(finding);
  return [`${found}.`, meaning, ...(advice ? [advice] : [])].join(' ');
}

const LABEL: Readonly<Record<Severity, string>> = {
  unfit: 'UNFIT  ',
  warning: 'warning',
  note: 'note   ',
  ok: 'ok     ',
};

const same = (text: string): string => text;

export function verdictOf(report: Report): 'fit' | 'unfit' | 'missing' | 'unreachable' {
  if (report.unreachable !== null) return 'unreachable';
  if (report.missing !== null) return 'missing';
  return isFit(report.findings) ? 'fit' : 'unfit';
}

/** One sentence, then the findings, worst first. */
export function describeReport(report: Report, colours: Colours): string {
  const paint: Partial<Record<Severity, (text: string) => string>> = {
    ...{ unfit: colours.red, warning: colours.yellow },
  };
  const lines = worstFirst(report.findings).map((finding) => {
    const { found, meaning, advice } = describeFinding(finding);
    const more = finding.severity === 'ok' ? [] : [meaning, ...(advice ? [`-> ${advice}`] : [])];
    const label = (paint[finding.severity] ?? same)(LABEL[finding.severity]);
    return `${[`${label}  ${found}`, ...more.map((line) => `         ${line}`)].join('\n')}\n`;
  });
  return `${headline(report)}\n\n${lines.join('')}`;
}

function headline(report: Report): string {
  const path = printable(report.path);
  const of = (severity: Severity) => report.findings.filter((one) => one.severity === severity).length;
  const warnings = of('warning') > 0 ? `, with ${counted(of('warning'), 'warning')}` : '';
  const unfit = `UNFIT to hold seats, for ${counted(of('unfit'), 'reason')}${warnings}`;
  const fitness = isFit(report.findings) ? `fit to hold seats${warnings}` : unfit;
  switch (verdictOf(report)) {
    case 'fit':
    case 'unfit':
      return `${path}: ${fitness}.`;
    case 'missing': {
      const instead =
        report.findings.length > 0 ? ` As a place for a new licence that directory is ${fitness}.` : '';
      return `${path}: is the share connected, and the path right? Found ${printable(report.missing ?? '')}.${instead}`;
    }
    case 'unreachable':
      return describeSilence(path, report);
  }
}

function describeSilence(path: string, { unreachable, findings }: Report): string {
  const why = `at the check of ${unreachable?.during} (${printable(unreachable?.message ?? '')})`;
  return `${path}: the share stopped answering ${why}; ${counted(findings.length, 'finding')} before that.`;
}

/** The one document of --json. */
export function reportDocument(report: Report): object {
  return {
    schemaVersion: 1,
    path: report.path,
    verdict: verdictOf(report),
    missing: report.missing,
    unreachable: report.unreachable,
    findings: worstFirst(report.findings).map((finding) => ({ ...finding, ...describeFinding(finding) })),
  };
}

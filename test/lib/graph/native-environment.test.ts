import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { nativeEnvironment } from '#lib/graph/native-environment.ts';

describe('Function: nativeEnvironment', () => {
  it('gives a child process its settings as text', () => {
    // Arrange
    const script = 'process.stdout.write(String(process.env.MALLOC_TRIM_THRESHOLD_))';

    // Act
    const seen = execFileSync(process.execPath, ['-e', script], {
      env: { ...nativeEnvironment() },
      encoding: 'utf8',
    });

    // Assess
    expect(Number(seen)).toBe(8 * 2 ** 30);
  });

  it('switches XLA on only when asked to', () => {
    expect(nativeEnvironment()).not.toHaveProperty('TF_XLA_FLAGS');
    expect(nativeEnvironment({ xla: true }).TF_XLA_FLAGS).toContain('--tf_xla_auto_jit=2');
  });
});

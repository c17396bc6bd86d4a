import { join } from 'node:path';

/** The checkout, and the folders under its git-ignored `build/` that the lab fills. */
export const root = join(import.meta.dirname, '..');
export const buildDir = join(root, 'build');
export const binDir = join(buildDir, 'bin');
export const debDir = join(buildDir, 'deb');
export const imgDir = join(buildDir, 'img');
export const clustersDir = join(buildDir, 'clusters');
/** Sources of an earlier revision, from which its image and its chart are made. */
export const previousDir = join(buildDir, 'previous');

import { describe, expect, test } from '@jest/globals';
import { Office } from '../../src/operator/office.ts';

describe('an operator', () => {
  test('without a lease may always act', () => {
    expect(new Office(true).mayAct()).toBe(true);
  });

  test('with a lease may act exactly while its term is held', () => {
    const office = new Office(false);
    let held = true;
    expect(office.mayAct()).toBe(false);

    office.take({ isHeld: () => held });
    expect(office.mayAct()).toBe(true);
    held = false;

    expect([office.mayAct(), office.mayTell()]).toEqual([false, false]);
  });

  test('may still tell what it did when its term has ended in order', () => {
    const office = new Office(false);
    office.take({ isHeld: () => false });
    office.leave();

    expect([office.mayAct(), office.mayTell()]).toEqual([false, true]);
  });
});

'use strict';
/** The suites that take longest begin first, or the last one would be waited for alone. The others keep Jest's order. */
const { default: Sequencer } = require('@jest/test-sequencer');

const longest = ['/test/lives/', '/test/plane/'];

function rank(path) {
  const at = longest.findIndex((part) => path.includes(part));
  return at < 0 ? longest.length : at;
}

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => rank(one.path) - rank(other.path));
  }
};

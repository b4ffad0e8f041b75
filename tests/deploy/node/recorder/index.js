// A component that only writes down what it is given: the command line's reading of a template and of .env.
"use strict";

const {writeFileSync} = require("node:fs");

exports.default = class Recorder {
  async deploy({props}) {
    writeFileSync(process.env.RECORD, JSON.stringify(props));
  }
};

// The real fc3 loads this component of custom domains before it looks whether there is one to deploy.
"use strict";

exports.default = class Fc3Domain {};

// Stands in for fc3, the component by which Serverless Devs deploys functions: npm's registry does not have it.
//
// It sends what fc3 0.1.22 sends (https://github.com/devsapp/fc3, src/subCommands/deploy), with the same packing of code
// and the vendor's same SDK: so that what arrives is what that SDK makes of s.yaml. FC3_COMPONENT=/a/folder runs the
// tests with the real one.
"use strict";

const {readFileSync, rmSync} = require("node:fs");
const path = require("node:path");
const {default: Client, ...models} = require("@alicloud/fc20230330");
const {default: zip} = require("@serverless-devs/zip");

// Apart from the function itself, each of these is a resource of its own.
const APART = [
  "region", "triggers", "asyncInvokeConfig", "vpcBinding", "customDomain", "provisionConfig", "scalingConfig",
  "concurrencyConfig",
];

class Fc3 {
  constructor({logger}) {
    this.logger = logger;
  }

  async deploy(inputs) {
    const {props} = inputs;
    const {AccessKeyID, AccessKeySecret} = await inputs.getCredential();
    const endpoint = new URL(process.env.FC_CLIENT_CUSTOM_ENDPOINT);
    const client = new Client({
      accessKeyId: AccessKeyID,
      accessKeySecret: AccessKeySecret,
      protocol: endpoint.protocol.slice(0, -1),
      endpoint: endpoint.host,
    });
    const code = await this.upload(path.join(path.dirname(inputs.yaml.path), props.code), props);
    await this.createFunction(client, {...props, code, role: props.role.toLowerCase()});
    for (const trigger of props.triggers) await this.createTrigger(client, props.functionName, trigger);
    await this.configure(client, props);
    return {functionName: props.functionName};
  }

  async upload(folder, {region, functionName}) {
    const {outputFile} = await zip({
      codeUri: folder,
      outputFileName: `${region}_${functionName}`,
      outputFilePath: path.join(process.env.serverless_devs_config_home, "zip"),
      ignoreFiles: [".fcignore"],
      logger: this.logger,
    });
    const body = readFileSync(outputFile);
    rmSync(outputFile);
    await fetch(`${process.env.FC_CODE_TEMP_OSS_ENDPOINT}/package`, {method: "PUT", body});
    return {ossBucketName: "code", ossObjectName: "package"};
  }

  async createFunction(client, props) {
    const own = Object.fromEntries(Object.entries(props).filter(([name]) => !APART.includes(name)));
    const body = new models.CreateFunctionInput(own);
    await client.createFunction(new models.CreateFunctionRequest({body}));
  }

  async createTrigger(client, functionName, trigger) {
    const invocationRole = trigger.invocationRole?.toLowerCase();
    const triggerConfig = JSON.stringify(trigger.triggerConfig);
    const body = new models.CreateTriggerInput({description: "", ...trigger, invocationRole, triggerConfig});
    await client.createTrigger(functionName, new models.CreateTriggerRequest({body}));
  }

  async configure(client, {functionName, asyncInvokeConfig, concurrencyConfig}) {
    if (asyncInvokeConfig) {
      const {qualifier} = asyncInvokeConfig;
      const body = new models.PutAsyncInvokeConfigInput(asyncInvokeConfig);
      await client.putAsyncInvokeConfig(functionName, new models.PutAsyncInvokeConfigRequest({qualifier, body}));
    }
    const body = new models.PutConcurrencyInput(concurrencyConfig);
    await client.putConcurrencyConfig(functionName, new models.PutConcurrencyConfigRequest({body}));
  }

  getSchema() {
    return readFileSync(path.join(__dirname, "schema.json"), "utf8"); // fc3's own: src/schema.json, ISC licence
  }
}

exports.default = Fc3;

// Prints the Terraform files of a folder as JSON, by HashiCorp's own parser.
import {readFileSync, readdirSync} from "node:fs";
import {join} from "node:path";
import {parse} from "@cdktf/hcl2json";

const [folder] = process.argv.slice(2);
const files = readdirSync(folder).filter((name) => name.endsWith(".tf"));
const parsed = await Promise.all(files.map((name) => parse(name, readFileSync(join(folder, name), "utf8"))));
process.stdout.write(JSON.stringify(Object.fromEntries(files.map((name, index) => [name, parsed[index]]))));

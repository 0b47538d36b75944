// Writes the hosts' configurations from headers.mjs. `node host/configs.mjs` renews the examples
// beside it; a test holds them to what this gives.

import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { ASK, CACHE, FIXED, FOREVER, HEADERS, METHODS, POLICIES, POLICY } from "./headers.mjs";

const MADE = "Made by host/configs.mjs from host/headers.mjs: change those.";
const OTHERS = Object.entries(HEADERS).filter(([name]) => name !== POLICY);
const folders = FIXED.join("|");

// For hosts that read a `_headers` file beside the page (Cloudflare, Netlify). Where two rules give
// one policy each, both hold. It speaks of the host's root: in another folder, put the folder's
// name before each path.
export function underscore(names) {
  const rule = (path, headers) => [path, ...headers.map(([name, value]) => `  ${name}: ${value}`), ""];
  const changing = names.filter((name) => !FIXED.some((folder) => name.startsWith(`${folder}/`)));
  return [
    ...rule("/*", Object.entries(HEADERS)),
    ...POLICIES.flatMap(({ folder, file, policy }) => rule(folder ? `/${folder}/*` : `/${file}`, [[POLICY, policy]])),
    ...FIXED.flatMap((folder) => rule(`/${folder}/*`, [[CACHE, FOREVER]])),
    ...["", ...changing].flatMap((name) => rule(`/${name}`, [[CACHE, ASK]])),
  ].join("\n");
}

// nginx: to be included in its http block. `root` is the folder that holds dist/'s content, or the
// folder above `under`.
export function nginx({ port = 8080, root = "/srv/corsai", under = "/", log = "/var/log/nginx/corsai.log" } = {}) {
  const quoted = (value) => `"${value.replaceAll('"', '\\"')}"`;
  return `# ${MADE}
# For nginx's http block. Put TLS in front: without it browsers keep no service worker, except on localhost.

map $uri $corsai_policy {
${POLICIES.map(({ ends, policy }) => `    ${quoted(`~${ends}$`)} ${quoted(policy)};`).join("\n")}
    default ${quoted(HEADERS[POLICY])};
}

map $status:$uri $corsai_cache {
    "~^(200|206|304):.*/(${folders})/" ${quoted(FOREVER)};
    default ${quoted(ASK)};
}

map $request_method $corsai_allow {
${METHODS.map((method) => `    ${method} "";`).join("\n")}
    default ${quoted(METHODS.join(", "))};
}

# Neither a query nor a referrer is written down.
log_format corsai '$time_iso8601 $request_method $uri $status $body_bytes_sent';

server {
    listen ${port};
    root ${root};
    access_log ${log} corsai;
    absolute_redirect off;

    # In every answer. A location of its own with an add_header would lose these.
    add_header ${POLICY} $corsai_policy always;
    add_header ${CACHE} $corsai_cache always;
    add_header Allow $corsai_allow always;
${OTHERS.map(([name, value]) => `    add_header ${name} ${quoted(value)} always;`).join("\n")}

    if ($request_method !~ ^(${METHODS.join("|")})$) {
        return 405;
    }

    gzip_static on;
    gzip_vary on;
    # With Debian's libnginx-mod-http-brotli-static:
    # brotli_static on;

    # What isn't there is not found: never the page in place of weights.
    error_page 403 =404 ${under}404.html;
    error_page 404 ${under}404.html;
    location / {
        index index.html;
        try_files $uri $uri/ =404;
    }
}
`;
}

// Caddy. `site` is a domain (Caddy then sees to TLS) or a port.
export function caddy({ site = ":8080", root = "/srv/corsai", under = "/" } = {}) {
  const quoted = (value) => `"${value.replaceAll('"', '\\"')}"`;
  return `# ${MADE}
# Put a domain in place of ${site}, and Caddy sees to TLS.

{
	admin off
}

${site} {
	root * ${root}

	# Neither a query nor a header of a request is written down.
	log {
		format filter {
			wrap json
			fields {
				request>uri regexp \\?.* ""
				request>headers delete
			}
		}
	}

	route {
		header {
			${POLICY} ${quoted(HEADERS[POLICY])}
			${CACHE} ${quoted(ASK)}
${OTHERS.map(([name, value]) => `			${name} ${quoted(value)}`).join("\n")}
		}
${POLICIES.map(({ ends, policy }, index) => `		@policy${index} path_regexp ${ends}$
		header @policy${index} ${POLICY} ${quoted(policy)}`).join("\n")}
		@fixed path_regexp /(${folders})/
		header @fixed ${CACHE} ${quoted(FOREVER)}

		@other not method ${METHODS.join(" ")}
		header @other Allow ${quoted(METHODS.join(", "))}
		header @other ${CACHE} ${quoted(ASK)}
		respond @other 405

		file_server {
			precompressed br gzip
		}
	}

	# What isn't there is not found: never the page in place of weights.
	handle_errors {
		header ${CACHE} ${quoted(ASK)}
		rewrite * ${under}404.html
		file_server
	}
}
`;
}

// The examples that are kept in the repository.
export const EXAMPLES = { "nginx.conf": nginx(), Caddyfile: caddy() };

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, text] of Object.entries(EXAMPLES)) writeFileSync(new URL(name, import.meta.url), text);
}

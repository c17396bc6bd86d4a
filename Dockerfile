# syntax=docker/dockerfile:1
# The image of the operator: compiled here, run by Node alone, without a shell or a package manager.
# The Node that everything is tested with: that of package-lock.json.
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN ./node_modules/.bin/tsc -p tsconfig.build.json && npm prune --omit=dev --ignore-scripts

# Node and the shared libraries it needs, and nothing else.
RUN set -eu; mkdir -p /out/usr/local/bin; cp /usr/local/bin/node /out/usr/local/bin/; \
    ldd /usr/local/bin/node | grep -o '/[^ ]*' | while read -r lib; do cp --parents -L "$lib" /out; done

FROM scratch
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build --chown=0:0 /out /
COPY --from=build --chown=0:0 /app/package.json ./package.json
COPY --from=build --chown=0:0 /app/node_modules ./node_modules
COPY --from=build --chown=0:0 /app/dist ./dist
# What scenarios of load tests are held against.
COPY --chown=0:0 schemas ./schemas
# What the generators of load tests send.
COPY --chown=0:0 fixtures ./fixtures
USER 65532:65532
EXPOSE 8080
# Node is process 1 and takes the signals. Why these flags: lab/image-operator.ts.
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=4", "--no-allocation-site-pretenuring", "/app/dist/operator/main.js"]

# syntax=docker/dockerfile:1
# The image of the operator: compiled here, run by Node alone, without a shell or a package manager.
ARG NODE_MAJOR=24

FROM node:${NODE_MAJOR} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN ./node_modules/.bin/tsc -p tsconfig.build.json && npm prune --omit=dev --ignore-scripts

FROM gcr.io/distroless/nodejs${NODE_MAJOR}-debian13:nonroot
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build --chown=0:0 /app/package.json ./package.json
COPY --from=build --chown=0:0 /app/node_modules ./node_modules
COPY --from=build --chown=0:0 /app/dist ./dist
USER 65532:65532
EXPOSE 8080
# The base image's entry point is node itself, which is process 1 and takes the signals.
CMD ["dist/operator/main.js"]

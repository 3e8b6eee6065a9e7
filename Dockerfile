# One image for every part; docker-compose.yml says what each container runs. Only the console, which browsers run, is built:
# Node runs the TypeScript as it is. It refuses to do so inside node_modules, so the image keeps the layout of the repository.
FROM node:24.19.0-trixie-slim AS install
WORKDIR /holdpoint
COPY . .
# What runs, and what that needs: neither the embedded servers, nor benchmarks, nor tools of development.
RUN --mount=type=cache,target=/pnpm-store \
  npx --yes pnpm@12.21.0 install --prod --frozen-lockfile --store-dir /pnpm-store --package-import-method copy \
  --filter-prod holdpoint... --filter-prod "./services/*..." --filter-prod @holdpoint/cli... \
  --filter-prod @holdpoint/workspace...
# A workspace is mounted beside this link, and finds the packages that a workspace may import.
RUN mkdir -p mounted/workspace && ln -s ../workspace/node_modules mounted/node_modules

FROM node:24.19.0-trixie-slim AS console
WORKDIR /holdpoint
COPY . .
RUN --mount=type=cache,target=/pnpm-store \
  npx --yes pnpm@12.21.0 install --frozen-lockfile --store-dir /pnpm-store --package-import-method copy \
  --filter @holdpoint/console... && node packages/console/build/main.ts

FROM node:24.19.0-trixie-slim
ENV NODE_ENV=production
WORKDIR /holdpoint
# Owned by root: what runs may not change itself.
COPY --from=install /holdpoint .
COPY --from=console /holdpoint/packages/console/dist packages/console/dist
USER node
EXPOSE 4001 4002 4003 4004
CMD ["node", "services/ingest/src/main.ts"]

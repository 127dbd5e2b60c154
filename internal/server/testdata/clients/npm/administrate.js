// Administrates a server by Keycloak's own JavaScript client: each noun is created, read, updated and deleted.
// usage: node administrate.js BASE_URL
import assert from "node:assert/strict";
import KcAdminClient from "@keycloak/keycloak-admin-client";

const [baseUrl] = process.argv.slice(2);
const kc = new KcAdminClient({ baseUrl, realmName: "master" });
await kc.auth({ username: "admin", password: "admin", grantType: "password", clientId: "admin-cli" });

const realm = "npm";
let steps = 0;
async function step(name, run) {
  try {
    await run();
    steps++;
  } catch (error) {
    console.error(`${name}: ${error.stack}\n${JSON.stringify(error.responseData ?? {})}`);
    process.exitCode = 1;
  }
}
const gone = async (promise) => assert.equal((await promise) ?? null, null);
const names = (list) => list.map((o) => o.name ?? o.alias ?? o.clientId ?? o.username).sort();

await step("realms", async () => {
  await kc.realms.create({ realm, enabled: true, displayName: "Npm" });
  assert.equal((await kc.realms.findOne({ realm })).displayName, "Npm");
  await kc.realms.update({ realm }, { displayName: "N", accessTokenLifespan: 120 });
  assert.equal((await kc.realms.findOne({ realm })).accessTokenLifespan, 120);
  assert.ok((await kc.realms.find()).some((r) => r.realm === realm));
});
kc.setConfig({ realmName: realm });

const ids = {};
await step("clients", async () => {
  ids.client = (await kc.clients.create({ clientId: "till", serviceAccountsEnabled: true, redirectUris: ["http://127.0.0.1:1/*"] })).id;
  await kc.clients.create({ clientId: "desk" });
  assert.equal((await kc.clients.findOne({ id: ids.client })).clientId, "till");
  await kc.clients.update({ id: ids.client }, { clientId: "till", name: "Till", attributes: { a: "1" } });
  const [found] = await kc.clients.find({ clientId: "till" });
  assert.equal(found.name, "Till");
  assert.equal(found.attributes.a, "1");
  ids.desk = (await kc.clients.find({ clientId: "desk" }))[0].id;
});
await step("client secrets", async () => {
  const { value } = await kc.clients.getClientSecret({ id: ids.client });
  const made = await kc.clients.generateNewClientSecret({ id: ids.client });
  assert.notEqual(made.value, value);
  assert.ok((await kc.clients.generateRegistrationAccessToken({ id: ids.client })).registrationAccessToken);
});
await step("service account, installation, sessions", async () => {
  assert.equal((await kc.clients.getServiceAccountUser({ id: ids.client })).username, "service-account-till");
  const installed = await kc.clients.getInstallationProviders({ id: ids.client, providerId: "keycloak-oidc-keycloak-json" });
  assert.match(JSON.stringify(installed), /till/);
  assert.deepEqual(await kc.clients.listSessions({ id: ids.client }), []);
  assert.deepEqual(await kc.clients.listOfflineSessions({ id: ids.client }), []);
  assert.equal((await kc.clients.getSessionCount({ id: ids.client })).count, 0);
  assert.equal((await kc.clients.getOfflineSessionCount({ id: ids.client })).count, 0);
});
await step("client roles", async () => {
  await kc.clients.createRole({ id: ids.client, name: "read", description: "r" });
  await kc.clients.updateRole({ id: ids.client, roleName: "read" }, { name: "read", description: "reads" });
  const role = await kc.clients.findRole({ id: ids.client, roleName: "read" });
  assert.equal(role.description, "reads");
  ids.clientRole = role.id;
  await kc.clients.createRole({ id: ids.client, name: "write" });
  await kc.clients.delRole({ id: ids.client, roleName: "write" });
  assert.deepEqual(names(await kc.clients.listRoles({ id: ids.client })), ["read"]);
});
await step("client mappers", async () => {
  const mapper = { name: "aud", protocol: "openid-connect", protocolMapper: "oidc-audience-mapper", config: { "included.client.audience": "desk", "access.token.claim": "true" } };
  await kc.clients.addProtocolMapper({ id: ids.client }, mapper);
  await kc.clients.addMultipleProtocolMappers({ id: ids.client }, [{ ...mapper, name: "aud2" }]);
  const found = (await kc.clients.listProtocolMappers({ id: ids.client })).find((m) => m.name === "aud");
  await kc.clients.updateProtocolMapper({ id: ids.client, mapperId: found.id }, { ...found, config: { ...found.config, "id.token.claim": "true" } });
  assert.equal((await kc.clients.findProtocolMapperById({ id: ids.client, mapperId: found.id })).config["id.token.claim"], "true");
  assert.equal((await kc.clients.findProtocolMappersByProtocol({ id: ids.client, protocol: "openid-connect" })).length, 2);
  await kc.clients.delProtocolMapper({ id: ids.client, mapperId: found.id });
  assert.deepEqual(names(await kc.clients.listProtocolMappers({ id: ids.client })), ["aud2"]);
});
await step("client scopes", async () => {
  await kc.clientScopes.create({ name: "billing", protocol: "openid-connect" });
  const scope = (await kc.clientScopes.find()).find((s) => s.name === "billing");
  ids.scope = scope.id;
  await kc.clientScopes.update({ id: scope.id }, { ...scope, description: "Bills" });
  assert.equal((await kc.clientScopes.findOne({ id: scope.id })).description, "Bills");
  await kc.clientScopes.addProtocolMapper({ id: scope.id }, { name: "name", protocol: "openid-connect", protocolMapper: "oidc-usermodel-attribute-mapper", config: { "user.attribute": "a", "claim.name": "a" } });
  const [mapper] = await kc.clientScopes.listProtocolMappers({ id: scope.id });
  await kc.clientScopes.updateProtocolMapper({ id: scope.id, mapperId: mapper.id }, { ...mapper, config: { ...mapper.config, "claim.name": "b" } });
  assert.equal((await kc.clientScopes.findProtocolMapper({ id: scope.id, mapperId: mapper.id })).config["claim.name"], "b");
  await kc.clientScopes.delProtocolMapper({ id: scope.id, mapperId: mapper.id });
  await kc.clientScopes.addDefaultClientScope({ id: scope.id });
  assert.ok((await kc.clientScopes.listDefaultClientScopes()).some((s) => s.name === "billing"));
  await kc.clientScopes.delDefaultClientScope({ id: scope.id });
  await kc.clientScopes.addDefaultOptionalClientScope({ id: scope.id });
  assert.ok((await kc.clientScopes.listDefaultOptionalClientScopes()).some((s) => s.name === "billing"));
  await kc.clientScopes.delDefaultOptionalClientScope({ id: scope.id });
});
await step("scopes of a client", async () => {
  const of = { id: ids.client, clientScopeId: ids.scope };
  await kc.clients.addDefaultClientScope(of);
  assert.ok((await kc.clients.listDefaultClientScopes(of)).some((s) => s.name === "billing"));
  await kc.clients.delDefaultClientScope(of);
  await kc.clients.addOptionalClientScope(of);
  assert.ok((await kc.clients.listOptionalClientScopes(of)).some((s) => s.name === "billing"));
  await kc.clients.delOptionalClientScope(of);
});
await step("realm roles", async () => {
  await kc.roles.create({ name: "clerk" });
  await kc.roles.create({ name: "boss" });
  await kc.roles.updateByName({ name: "clerk" }, { name: "clerk", description: "Does things" });
  const clerk = await kc.roles.findOneByName({ name: "clerk" });
  ids.clerk = clerk.id;
  assert.equal(clerk.description, "Does things");
  const boss = await kc.roles.findOneByName({ name: "boss" });
  await kc.roles.createComposite({ roleId: boss.id }, [clerk, { id: ids.clientRole, name: "read" }]);
  assert.deepEqual(names(await kc.roles.getCompositeRoles({ id: boss.id })), ["clerk", "read"]);
  assert.deepEqual(names(await kc.roles.getCompositeRolesForRealm({ id: boss.id })), ["clerk"]);
  assert.deepEqual(names(await kc.roles.getCompositeRolesForClient({ id: boss.id, clientId: ids.client })), ["read"]);
  await kc.roles.delCompositeRoles({ id: boss.id }, [clerk]);
  await kc.roles.updateById({ id: boss.id }, { name: "chief" });
  assert.equal((await kc.roles.findOneById({ id: boss.id })).name, "chief");
  await kc.roles.delById({ id: boss.id });
  await gone(kc.roles.findOneByName({ name: "chief" }));
});
await step("scope mappings", async () => {
  const role = { id: ids.clientRole, name: "read" };
  const clerk = { id: ids.clerk, name: "clerk" };
  for (const [nouns, id] of [[kc.clients, ids.desk], [kc.clientScopes, ids.scope]]) {
    await nouns.addRealmScopeMappings({ id }, [clerk]);
    assert.deepEqual(names(await nouns.listRealmScopeMappings({ id })), ["clerk"]);
    assert.ok((await nouns.listCompositeRealmScopeMappings({ id })).length > 0);
    assert.ok(!(await nouns.listAvailableRealmScopeMappings({ id })).some((r) => r.name === "clerk"));
    await nouns.addClientScopeMappings({ id, client: ids.client }, [role]);
    assert.deepEqual(names(await nouns.listClientScopeMappings({ id, client: ids.client })), ["read"]);
    assert.ok((await nouns.listScopeMappings({ id })).clientMappings.till);
    await nouns.delClientScopeMappings({ id, client: ids.client }, [role]);
    await nouns.delRealmScopeMappings({ id }, [clerk]);
    assert.deepEqual(await nouns.listRealmScopeMappings({ id }), []);
  }
});
await step("groups", async () => {
  ids.group = (await kc.groups.create({ name: "sales" })).id;
  const child = await kc.groups.createChildGroup({ id: ids.group }, { name: "north" });
  await kc.groups.update({ id: ids.group }, { name: "sales", attributes: { region: ["eu"] } });
  assert.deepEqual((await kc.groups.findOne({ id: ids.group })).attributes.region, ["eu"]);
  assert.deepEqual(names(await kc.groups.listSubGroups({ parentId: ids.group })), ["north"]);
  assert.ok((await kc.groups.find({ search: "sales" })).length > 0);
  assert.equal((await kc.groups.count({ search: "sales" })).count, 1);
  assert.equal((await kc.realms.getGroupByPath({ path: "sales/north", realm })).id, child.id);
  await kc.groups.addRealmRoleMappings({ id: ids.group, roles: [{ id: ids.clerk, name: "clerk" }] });
  assert.deepEqual(names(await kc.groups.listRealmRoleMappings({ id: ids.group })), ["clerk"]);
  await kc.groups.addClientRoleMappings({ id: ids.group, clientUniqueId: ids.client, roles: [{ id: ids.clientRole, name: "read" }] });
  assert.deepEqual(names(await kc.groups.listClientRoleMappings({ id: ids.group, clientUniqueId: ids.client })), ["read"]);
  await kc.groups.delClientRoleMappings({ id: ids.group, clientUniqueId: ids.client, roles: [{ id: ids.clientRole, name: "read" }] });
  await kc.groups.del({ id: child.id });
  await kc.realms.addDefaultGroup({ realm, id: ids.group });
  assert.deepEqual(names(await kc.realms.getDefaultGroups({ realm })), ["sales"]);
  await kc.realms.removeDefaultGroup({ realm, id: ids.group });
});
await step("users", async () => {
  ids.user = (await kc.users.create({ username: "ann", email: "ann@example.test", enabled: true, firstName: "Ann", lastName: "A" })).id;
  await kc.users.update({ id: ids.user }, { firstName: "Anne", lastName: "A", email: "ann@example.test", emailVerified: true });
  assert.equal((await kc.users.findOne({ id: ids.user })).firstName, "Anne");
  assert.equal(await kc.users.count(), 1);
  assert.deepEqual(names(await kc.users.find({ search: "an" })), ["ann"]);
  await kc.users.resetPassword({ id: ids.user, credential: { temporary: false, type: "password", value: "ann-password" } });
  const [credential] = await kc.users.getCredentials({ id: ids.user });
  assert.equal(credential.type, "password");
  await kc.users.updateCredentialLabel({ id: ids.user, credentialId: credential.id }, "mine");
  assert.equal((await kc.users.getCredentials({ id: ids.user }))[0].userLabel, "mine");
  await kc.users.deleteCredential({ id: ids.user, credentialId: credential.id });
  assert.deepEqual(await kc.users.getCredentials({ id: ids.user }), []);
});
await step("roles of a user", async () => {
  await kc.users.addRealmRoleMappings({ id: ids.user, roles: [{ id: ids.clerk, name: "clerk" }] });
  assert.ok(names(await kc.users.listRealmRoleMappings({ id: ids.user })).includes("clerk"));
  assert.ok(names(await kc.users.listCompositeRealmRoleMappings({ id: ids.user })).includes("offline_access"));
  assert.ok(!names(await kc.users.listAvailableRealmRoleMappings({ id: ids.user })).includes("clerk"));
  const of = { id: ids.user, clientUniqueId: ids.client, roles: [{ id: ids.clientRole, name: "read" }] };
  await kc.users.addClientRoleMappings(of);
  assert.deepEqual(names(await kc.users.listClientRoleMappings(of)), ["read"]);
  assert.ok((await kc.users.listRoleMappings({ id: ids.user })).clientMappings.till);
  assert.deepEqual(names(await kc.roles.findUsersWithRole({ name: "clerk" })), ["ann"]);
  assert.deepEqual(names(await kc.clients.findUsersWithRole({ id: ids.client, roleName: "read" })), ["ann"]);
  await kc.users.delClientRoleMappings(of);
  await kc.users.delRealmRoleMappings({ id: ids.user, roles: [{ id: ids.clerk, name: "clerk" }] });
  assert.ok(!names(await kc.users.listRealmRoleMappings({ id: ids.user })).includes("clerk"));
});
await step("groups of a user", async () => {
  await kc.users.addToGroup({ id: ids.user, groupId: ids.group });
  assert.deepEqual(names(await kc.users.listGroups({ id: ids.user })), ["sales"]);
  assert.equal((await kc.users.countGroups({ id: ids.user })).count, 1);
  assert.deepEqual(names(await kc.groups.listMembers({ id: ids.group })), ["ann"]);
  await kc.users.delFromGroup({ id: ids.user, groupId: ids.group });
});
await step("what else a user has", async () => {
  assert.deepEqual(await kc.users.listSessions({ id: ids.user }), []);
  assert.deepEqual(await kc.users.listConsents({ id: ids.user }), []);
  await kc.users.logout({ id: ids.user });
  const profile = await kc.users.getProfile();
  await kc.users.updateProfile({ ...profile, unmanagedAttributePolicy: "ENABLED" });
  assert.equal((await kc.users.getProfile()).unmanagedAttributePolicy, "ENABLED");
  assert.ok((await kc.users.getProfileMetadata()).attributes.length > 0);
});
await step("identity providers", async () => {
  await kc.identityProviders.create({ alias: "other", providerId: "oidc", config: { clientId: "c", clientSecret: "s", authorizationUrl: "https://id.example/a", tokenUrl: "https://id.example/t" } });
  const found = await kc.identityProviders.findOne({ alias: "other" });
  await kc.identityProviders.update({ alias: "other" }, { ...found, displayName: "Other" });
  assert.equal((await kc.identityProviders.findOne({ alias: "other" })).displayName, "Other");
  assert.deepEqual(names(await kc.identityProviders.find()), ["other"]);
  const { id } = await kc.identityProviders.createMapper({ alias: "other", identityProviderMapper: { name: "m", identityProviderAlias: "other", identityProviderMapper: "hardcoded-attribute-idp-mapper", config: { attribute: "a", "attribute.value": "1" } } });
  const mapper = await kc.identityProviders.findOneMapper({ alias: "other", id });
  await kc.identityProviders.updateMapper({ alias: "other", id }, { ...mapper, config: { ...mapper.config, "attribute.value": "2" } });
  assert.equal((await kc.identityProviders.findMappers({ alias: "other" }))[0].config["attribute.value"], "2");
  assert.ok(Object.keys(await kc.identityProviders.findMapperTypes({ alias: "other" })).length > 0);
  await kc.users.addToFederatedIdentity({ id: ids.user, federatedIdentityId: "other", federatedIdentity: { identityProvider: "other", userId: "1", userName: "a" } });
  assert.equal((await kc.users.listFederatedIdentities({ id: ids.user })).length, 1);
  await kc.users.delFromFederatedIdentity({ id: ids.user, federatedIdentityId: "other" });
  await kc.identityProviders.delMapper({ alias: "other", id });
  await kc.identityProviders.del({ alias: "other" });
  await gone(kc.identityProviders.findOne({ alias: "other" }));
});
await step("components and keys", async () => {
  const { id: parentId } = await kc.realms.findOne({ realm });
  const { id } = await kc.components.create({ name: "ec", parentId, providerId: "ecdsa-generated", providerType: "org.keycloak.keys.KeyProvider", config: { priority: ["50"], ecdsaEllipticCurveKey: ["P-256"] } });
  const found = await kc.components.findOne({ id });
  await kc.components.update({ id }, { ...found, config: { ...found.config, priority: ["60"] } });
  assert.deepEqual((await kc.components.findOne({ id })).config.priority, ["60"]);
  assert.ok((await kc.realms.getKeys({ realm })).keys.some((k) => k.algorithm === "ES256"));
  await kc.components.del({ id });
  assert.ok(!(await kc.components.find({ type: "org.keycloak.keys.KeyProvider" })).some((c) => c.id === id));
});
await step("authentication", async () => {
  const auth = kc.authenticationManagement;
  await auth.createFlow({ alias: "mine", providerId: "basic-flow", topLevel: true, builtIn: false });
  const flow = (await auth.getFlows()).find((f) => f.alias === "mine");
  const { id } = await auth.addExecutionToFlow({ flow: "mine", provider: "auth-otp-form" });
  await auth.addFlowToFlow({ flow: "mine", alias: "inner", type: "basic-flow", provider: "registration-page-form", description: "" });
  const execution = (await auth.getExecutions({ flow: "mine" })).find((e) => e.id === id);
  await auth.updateExecution({ flow: "mine" }, { ...execution, requirement: "REQUIRED" });
  await auth.lowerPriorityExecution({ id });
  assert.equal((await auth.getExecutions({ flow: "mine" })).find((e) => e.id === id).requirement, "REQUIRED");
  await auth.delExecution({ id });
  await auth.copyFlow({ flow: "browser", newName: "copy" });
  await auth.updateFlow({ flowId: flow.id }, { ...flow, description: "Mine" });
  assert.equal((await auth.getFlow({ flowId: flow.id })).description, "Mine");
  await auth.deleteFlow({ flowId: flow.id });
  const action = await auth.getRequiredActionForAlias({ alias: "UPDATE_PASSWORD" });
  await auth.updateRequiredAction({ alias: action.alias }, { ...action, defaultAction: true });
  assert.equal((await auth.getRequiredActionForAlias({ alias: action.alias })).defaultAction, true);
  assert.ok((await auth.getAuthenticatorProviders()).length > 0);
  assert.ok((await auth.getClientAuthenticatorProviders()).length > 0);
});
await step("client policies", async () => {
  await kc.clientPolicies.createProfiles({ profiles: [{ name: "p", executors: [] }], globalProfiles: [] });
  assert.ok(names((await kc.clientPolicies.listProfiles()).profiles).includes("p"));
  await kc.clientPolicies.updatePolicy({ policies: [{ name: "q", enabled: false, conditions: [], profiles: ["p"] }] });
  assert.deepEqual(names((await kc.clientPolicies.listPolicies()).policies), ["q"]);
});
await step("events", async () => {
  const config = await kc.realms.getConfigEvents({ realm });
  await kc.realms.updateConfigEvents({ realm }, { ...config, eventsEnabled: true, adminEventsEnabled: true });
  assert.equal((await kc.realms.getConfigEvents({ realm })).eventsEnabled, true);
  await kc.roles.create({ name: "seen" });
  assert.ok((await kc.realms.findAdminEvents({ realm, resourceTypes: "REALM_ROLE" })).length > 0);
  assert.deepEqual(await kc.realms.findEvents({ realm }), []);
  await kc.realms.clearEvents({ realm });
  await kc.realms.clearAdminEvents({ realm });
});
await step("initial access, localization, partial import and export", async () => {
  const { id } = await kc.realms.createClientsInitialAccess({ realm }, { count: 2, expiration: 60 });
  assert.equal((await kc.realms.getClientsInitialAccess({ realm })).length, 1);
  await kc.realms.delClientsInitialAccess({ realm, id });
  await kc.realms.addLocalization({ realm, selectedLocale: "de", key: "hello" }, "Hallo");
  assert.deepEqual(await kc.realms.getRealmSpecificLocales({ realm }), ["de"]);
  assert.equal((await kc.realms.getRealmLocalizationTexts({ realm, selectedLocale: "de" })).hello, "Hallo");
  await kc.realms.deleteRealmLocalizationTexts({ realm, selectedLocale: "de", key: "hello" });
  const { added } = await kc.realms.partialImport({ realm, rep: { ifResourceExists: "SKIP", roles: { realm: [{ name: "brought" }] } } });
  assert.equal(added, 1);
  assert.ok((await kc.realms.export({ realm, exportClients: true, exportGroupsAndRoles: true })).clients.length > 0);
  assert.ok(Array.isArray(await kc.realms.getClientSessionStats({ realm })));
});
await step("attack detection, evaluation, server", async () => {
  assert.equal((await kc.attackDetection.findOne({ id: ids.user })).disabled, false);
  await kc.attackDetection.del({ id: ids.user });
  await kc.attackDetection.delAll();
  const token = await kc.clients.evaluateGenerateAccessToken({ id: ids.client, userId: ids.user, scope: "openid", audience: "" });
  assert.equal(token.azp, "till");
  assert.ok((await kc.clients.evaluateListProtocolMapper({ id: ids.client, scope: "openid" })).length > 0);
  assert.ok((await kc.serverInfo.find()).systemInfo.version);
});
await step("what is deleted is gone", async () => {
  await kc.users.del({ id: ids.user });
  await gone(kc.users.findOne({ id: ids.user }));
  await kc.groups.del({ id: ids.group });
  await gone(kc.groups.findOne({ id: ids.group }));
  await kc.roles.delByName({ name: "clerk" });
  await kc.clientScopes.del({ id: ids.scope });
  await gone(kc.clientScopes.findOne({ id: ids.scope }));
  await kc.clients.del({ id: ids.client });
  await gone(kc.clients.findOne({ id: ids.client }));
  kc.setConfig({ realmName: "master" });
  await kc.realms.del({ realm });
  await gone(kc.realms.findOne({ realm }));
});
console.log(`${steps} steps went well`);

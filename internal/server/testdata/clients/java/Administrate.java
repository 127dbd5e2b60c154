import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import org.keycloak.admin.client.CreatedResponseUtil;
import org.keycloak.admin.client.Keycloak;
import org.keycloak.admin.client.resource.*;
import org.keycloak.common.util.MultivaluedHashMap;
import org.keycloak.representations.idm.*;

/** Administrates a server by Keycloak's own Java client: each noun is created, read, updated and deleted. */
public class Administrate {
    static final String REALM = "java";

    static Keycloak kc;
    static RealmResource realm;
    static String client, desk, scope, user, group;
    static int steps, failed;

    interface Step {
        void run() throws Exception;
    }

    public static void main(String[] args) {
        kc = Keycloak.getInstance(args[0], "master", "admin", "admin", "admin-cli");
        realm = kc.realm(REALM);
        step("realms", Administrate::realms);
        step("clients", Administrate::clients);
        step("client scopes", Administrate::clientScopes);
        step("roles", Administrate::roles);
        step("groups", Administrate::groups);
        step("users", Administrate::users);
        step("role mappings", Administrate::roleMappings);
        step("scope mappings", Administrate::scopeMappings);
        step("identity providers", Administrate::identityProviders);
        step("components and keys", Administrate::components);
        step("authentication", Administrate::authentication);
        step("client policies", Administrate::clientPolicies);
        step("events", Administrate::events);
        step("the rest of a realm", Administrate::others);
        step("what is deleted is gone", Administrate::deletions);
        System.out.println(steps + " steps went well");
        System.exit(failed == 0 ? 0 : 1);
    }

    static void step(String name, Step step) {
        try {
            step.run();
            steps++;
        } catch (Exception | AssertionError e) {
            failed++;
            System.err.println(name + ": " + e);
            for (StackTraceElement at : e.getStackTrace()) {
                if (at.getClassName().startsWith("Administrate")) System.err.println("\t" + at);
            }
            if (e instanceof WebApplicationException) {
                System.err.println("\t" + ((WebApplicationException) e).getResponse().readEntity(String.class));
            }
        }
    }

    static void same(Object want, Object got) {
        if (!want.equals(got)) throw new AssertionError("want " + want + ", got " + got);
    }

    static void holds(boolean what) {
        if (!what) throw new AssertionError("does not hold");
    }

    static void gone(Step read) throws Exception {
        try {
            read.run();
        } catch (NotFoundException e) {
            return;
        }
        throw new AssertionError("still there");
    }

    static String id(Response made) {
        try (made) {
            return CreatedResponseUtil.getCreatedId(made);
        }
    }

    static void realms() {
        RealmRepresentation r = new RealmRepresentation();
        r.setRealm(REALM);
        r.setEnabled(true);
        kc.realms().create(r);
        r = realm.toRepresentation();
        r.setAccessTokenLifespan(120);
        realm.update(r);
        same(120, realm.toRepresentation().getAccessTokenLifespan());
        holds(kc.realms().findAll().stream().anyMatch(o -> o.getRealm().equals(REALM)));
    }

    static void clients() {
        ClientRepresentation c = new ClientRepresentation();
        c.setClientId("till");
        c.setServiceAccountsEnabled(true);
        client = id(realm.clients().create(c));
        c = new ClientRepresentation();
        c.setClientId("desk");
        desk = id(realm.clients().create(c));
        ClientResource till = realm.clients().get(client);
        c = till.toRepresentation();
        c.setName("Till");
        till.update(c);
        same("Till", realm.clients().findByClientId("till").get(0).getName());
        String before = till.getSecret().getValue();
        holds(!till.generateNewSecret().getValue().equals(before));
        holds(till.regenerateRegistrationAccessToken().getRegistrationAccessToken() != null);
        same("service-account-till", till.getServiceAccountUser().getUsername());
        holds(till.getInstallationProvider("keycloak-oidc-keycloak-json").contains("till"));
        same(List.of(), till.getUserSessions(0, 10));
        same("0", String.valueOf(till.getApplicationSessionCount().get("count")));

        ProtocolMapperRepresentation m = new ProtocolMapperRepresentation();
        m.setName("aud");
        m.setProtocol("openid-connect");
        m.setProtocolMapper("oidc-audience-mapper");
        m.setConfig(Map.of("included.client.audience", "desk", "access.token.claim", "true"));
        String mapper = id(till.getProtocolMappers().createMapper(m));
        m = till.getProtocolMappers().getMapperById(mapper);
        m.getConfig().put("id.token.claim", "true");
        till.getProtocolMappers().update(mapper, m);
        same("true", till.getProtocolMappers().getMappers().get(0).getConfig().get("id.token.claim"));
        same(1, till.getProtocolMappers().getMappersPerProtocol("openid-connect").size());
        till.getProtocolMappers().delete(mapper);

        till.roles().create(new RoleRepresentation("read", "r", false));
        RoleRepresentation read = till.roles().get("read").toRepresentation();
        read.setDescription("reads");
        till.roles().get("read").update(read);
        same("reads", till.roles().get("read").toRepresentation().getDescription());
    }

    static void clientScopes() {
        ClientScopeRepresentation s = new ClientScopeRepresentation();
        s.setName("billing");
        s.setProtocol("openid-connect");
        scope = id(realm.clientScopes().create(s));
        s = realm.clientScopes().get(scope).toRepresentation();
        s.setDescription("Bills");
        realm.clientScopes().get(scope).update(s);
        same("Bills", realm.clientScopes().get(scope).toRepresentation().getDescription());
        realm.addDefaultDefaultClientScope(scope);
        holds(realm.getDefaultDefaultClientScopes().stream().anyMatch(o -> o.getName().equals("billing")));
        realm.removeDefaultDefaultClientScope(scope);
        realm.addDefaultOptionalClientScope(scope);
        realm.removeDefaultOptionalClientScope(scope);
        ClientResource till = realm.clients().get(client);
        till.addDefaultClientScope(scope);
        holds(till.getDefaultClientScopes().stream().anyMatch(o -> o.getName().equals("billing")));
        till.removeDefaultClientScope(scope);
        till.addOptionalClientScope(scope);
        holds(till.getOptionalClientScopes().stream().anyMatch(o -> o.getName().equals("billing")));
        till.removeOptionalClientScope(scope);
    }

    static void roles() throws Exception {
        realm.roles().create(new RoleRepresentation("clerk", "Does things", false));
        realm.roles().create(new RoleRepresentation("boss", "", false));
        RoleRepresentation clerk = realm.roles().get("clerk").toRepresentation();
        RoleRepresentation read = realm.clients().get(client).roles().get("read").toRepresentation();
        RoleResource boss = realm.roles().get("boss");
        boss.addComposites(List.of(clerk, read));
        same(2, boss.getRoleComposites().size());
        same(1, boss.getRealmRoleComposites().size());
        same(1, boss.getClientRoleComposites(client).size());
        boss.deleteComposites(List.of(read));
        same("clerk", realm.rolesById().getRole(clerk.getId()).getName());
        realm.roles().deleteRole("boss");
        gone(() -> realm.roles().get("boss").toRepresentation());
    }

    static void groups() {
        GroupRepresentation g = new GroupRepresentation();
        g.setName("sales");
        group = id(realm.groups().add(g));
        g.setName("north");
        String child = id(realm.groups().group(group).subGroup(g));
        g = realm.groups().group(group).toRepresentation();
        g.setAttributes(Map.of("region", List.of("eu")));
        realm.groups().group(group).update(g);
        same(Map.of("region", List.of("eu")), realm.groups().group(group).toRepresentation().getAttributes());
        same(child, realm.getGroupByPath("/sales/north").getId());
        same(1, realm.groups().group(group).getSubGroups(0, 10, true).size());
        same(1, realm.groups().groups("sales", 0, 10).size());
        same(2L, realm.groups().count().get("count"));
        realm.groups().group(child).remove();
        realm.addDefaultGroup(group);
        same(1, realm.getDefaultGroups().size());
        realm.removeDefaultGroup(group);
    }

    static void users() {
        UserRepresentation u = new UserRepresentation();
        u.setUsername("ann");
        u.setEmail("ann@example.test");
        u.setEnabled(true);
        user = id(realm.users().create(u));
        UserResource ann = realm.users().get(user);
        u = ann.toRepresentation();
        u.setFirstName("Ann");
        ann.update(u);
        same("Ann", ann.toRepresentation().getFirstName());
        same(1, realm.users().searchByUsername("ann", true).size());
        same(1, realm.users().search("ann", 0, 10).size());
        same(1, realm.users().count());
        CredentialRepresentation p = new CredentialRepresentation();
        p.setType("password");
        p.setValue("ann-password");
        ann.resetPassword(p);
        String credential = ann.credentials().get(0).getId();
        ann.setCredentialUserLabel(credential, "mine");
        same("mine", ann.credentials().get(0).getUserLabel());
        ann.removeCredential(credential);
        ann.joinGroup(group);
        same("sales", ann.groups().get(0).getName());
        same(1, realm.groups().group(group).members().size());
        ann.leaveGroup(group);
        same(List.of(), ann.getUserSessions());
        same(List.of(), ann.getConsents());
        ann.logout();
        holds(realm.users().userProfile().getConfiguration().getAttributes().size() > 0);
        realm.users().userProfile().update(realm.users().userProfile().getConfiguration());
    }

    static void roleMappings() {
        RoleRepresentation clerk = realm.roles().get("clerk").toRepresentation();
        RoleRepresentation read = realm.clients().get(client).roles().get("read").toRepresentation();
        for (RoleMappingResource of : List.of(realm.users().get(user).roles(), realm.groups().group(group).roles())) {
            of.realmLevel().add(List.of(clerk));
            holds(of.realmLevel().listAll().stream().anyMatch(r -> r.getName().equals("clerk")));
            holds(of.realmLevel().listEffective().stream().anyMatch(r -> r.getName().equals("clerk")));
            holds(of.realmLevel().listAvailable().stream().noneMatch(r -> r.getName().equals("clerk")));
            of.clientLevel(client).add(List.of(read));
            same("read", of.getAll().getClientMappings().get("till").getMappings().get(0).getName());
            of.clientLevel(client).remove(List.of(read));
            same(List.of(), of.clientLevel(client).listAll());
        }
        same(1, realm.roles().get("clerk").getUserMembers(0, 10).size());
        same(1, realm.roles().get("clerk").getRoleGroupMembers(0, 10).size());
        realm.users().get(user).roles().realmLevel().remove(List.of(clerk));
    }

    static void scopeMappings() {
        RoleRepresentation clerk = realm.roles().get("clerk").toRepresentation();
        RoleRepresentation read = realm.clients().get(client).roles().get("read").toRepresentation();
        for (RoleMappingResource of : List.of(realm.clients().get(desk).getScopeMappings(), realm.clientScopes().get(scope).getScopeMappings())) {
            of.realmLevel().add(List.of(clerk));
            same(1, of.realmLevel().listAll().size());
            of.realmLevel().remove(List.of(clerk));
            of.clientLevel(client).add(List.of(read));
            same(1, of.clientLevel(client).listAll().size());
            of.clientLevel(client).remove(List.of(read));
        }
    }

    static void identityProviders() {
        IdentityProviderRepresentation i = new IdentityProviderRepresentation();
        i.setAlias("other");
        i.setProviderId("oidc");
        i.setConfig(Map.of("clientId", "c", "clientSecret", "s", "authorizationUrl", "https://id.example/a", "tokenUrl", "https://id.example/t"));
        realm.identityProviders().create(i).close();
        IdentityProviderResource other = realm.identityProviders().get("other");
        i = other.toRepresentation();
        i.setDisplayName("Other");
        other.update(i);
        same("Other", realm.identityProviders().findAll().get(0).getDisplayName());
        IdentityProviderMapperRepresentation m = new IdentityProviderMapperRepresentation();
        m.setName("m");
        m.setIdentityProviderAlias("other");
        m.setIdentityProviderMapper("hardcoded-attribute-idp-mapper");
        m.setConfig(Map.of("attribute", "a", "attribute.value", "1"));
        String mapper = id(other.addMapper(m));
        m = other.getMapperById(mapper);
        m.getConfig().put("attribute.value", "2");
        other.update(mapper, m);
        same("2", other.getMappers().get(0).getConfig().get("attribute.value"));
        FederatedIdentityRepresentation f = new FederatedIdentityRepresentation();
        f.setIdentityProvider("other");
        f.setUserId("1");
        f.setUserName("a");
        realm.users().get(user).addFederatedIdentity("other", f).close();
        same(1, realm.users().get(user).getFederatedIdentity().size());
        realm.users().get(user).removeFederatedIdentity("other");
        other.delete(mapper);
        other.remove();
        same(List.of(), realm.identityProviders().findAll());
    }

    static void components() {
        ComponentRepresentation c = new ComponentRepresentation();
        c.setName("ec");
        c.setParentId(realm.toRepresentation().getId());
        c.setProviderId("ecdsa-generated");
        c.setProviderType("org.keycloak.keys.KeyProvider");
        c.setConfig(new MultivaluedHashMap<>(Map.of("priority", List.of("50"))));
        String made = id(realm.components().add(c));
        c = realm.components().component(made).toRepresentation();
        c.getConfig().putSingle("priority", "60");
        realm.components().component(made).update(c);
        same("60", realm.components().component(made).toRepresentation().getConfig().getFirst("priority"));
        holds(realm.keys().getKeyMetadata().getKeys().stream().anyMatch(k -> "ES256".equals(k.getAlgorithm())));
        realm.components().component(made).remove();
        holds(realm.components().query(null, "org.keycloak.keys.KeyProvider").stream().noneMatch(o -> o.getId().equals(made)));
    }

    static void authentication() {
        AuthenticationManagementResource flows = realm.flows();
        AuthenticationFlowRepresentation f = new AuthenticationFlowRepresentation();
        f.setAlias("mine");
        f.setProviderId("basic-flow");
        f.setTopLevel(true);
        f.setBuiltIn(false);
        String made = id(flows.createFlow(f));
        flows.addExecution("mine", Map.of("provider", "auth-otp-form"));
        AuthenticationExecutionInfoRepresentation e = flows.getExecutions("mine").get(0);
        e.setRequirement("REQUIRED");
        flows.updateExecutions("mine", e);
        same("REQUIRED", flows.getExecutions("mine").get(0).getRequirement());
        flows.copy("browser", Map.of("newName", "copy")).close();
        flows.removeExecution(e.getId());
        flows.deleteFlow(made);
        RequiredActionProviderRepresentation a = flows.getRequiredAction("UPDATE_PASSWORD");
        a.setDefaultAction(true);
        flows.updateRequiredAction("UPDATE_PASSWORD", a);
        holds(flows.getRequiredAction("UPDATE_PASSWORD").isDefaultAction());
        holds(flows.getAuthenticatorProviders().size() > 0);
    }

    static void clientPolicies() {
        ClientProfilesRepresentation profiles = realm.clientPoliciesProfilesResource().getProfiles(false);
        ClientProfileRepresentation p = new ClientProfileRepresentation();
        p.setName("p");
        p.setExecutors(List.of());
        profiles.setProfiles(List.of(p));
        realm.clientPoliciesProfilesResource().updateProfiles(profiles);
        same("p", realm.clientPoliciesProfilesResource().getProfiles(false).getProfiles().get(0).getName());
        ClientPoliciesRepresentation policies = realm.clientPoliciesPoliciesResource().getPolicies();
        realm.clientPoliciesPoliciesResource().updatePolicies(policies);
    }

    static void events() {
        RealmEventsConfigRepresentation c = realm.getRealmEventsConfig();
        c.setEventsEnabled(true);
        c.setAdminEventsEnabled(true);
        realm.updateRealmEventsConfig(c);
        holds(realm.getRealmEventsConfig().isEventsEnabled());
        realm.roles().create(new RoleRepresentation("seen", "", false));
        holds(realm.getAdminEvents().size() > 0);
        same(List.of(), realm.getEvents());
        realm.clearEvents();
        realm.clearAdminEvents();
    }

    static void others() {
        ClientInitialAccessPresentation t = realm.clientInitialAccess().create(new ClientInitialAccessCreatePresentation(60, 2));
        holds(t.getToken() != null);
        same(1, realm.clientInitialAccess().list().size());
        realm.clientInitialAccess().delete(t.getId());
        realm.localization().saveRealmLocalizationText("de", "hello", "Hallo");
        same("Hallo", realm.localization().getRealmLocalizationText("de", "hello"));
        same(List.of("de"), realm.localization().getRealmSpecificLocales());
        realm.localization().deleteRealmLocalizationText("de", "hello");
        holds(realm.partialExport(true, true).getClients().size() > 0);
        PartialImportRepresentation p = new PartialImportRepresentation();
        p.setIfResourceExists("SKIP");
        RolesRepresentation roles = new RolesRepresentation();
        roles.setRealm(List.of(new RoleRepresentation("brought", "", false)));
        p.setRoles(roles);
        try (Response r = realm.partialImport(p)) {
            same(200, r.getStatus());
        }
        same(false, realm.attackDetection().bruteForceUserStatus(user).get("disabled"));
        realm.attackDetection().clearBruteForceForUser(user);
        realm.attackDetection().clearAllBruteForce();
        holds(kc.serverInfo().getInfo().getSystemInfo().getVersion() != null);
        same(List.of(), realm.getClientSessionStats());
    }

    static void deletions() throws Exception {
        realm.users().delete(user).close();
        gone(() -> realm.users().get(user).toRepresentation());
        realm.groups().group(group).remove();
        gone(() -> realm.groups().group(group).toRepresentation());
        realm.clientScopes().get(scope).remove();
        gone(() -> realm.clientScopes().get(scope).toRepresentation());
        realm.clients().get(client).remove();
        gone(() -> realm.clients().get(client).toRepresentation());
        realm.remove();
        gone(() -> realm.toRepresentation());
    }
}

"""Administrates a server by python-keycloak: each noun is created, read, updated and deleted.

usage: python administrate.py BASE_URL
"""

import json
import sys
import traceback

from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakError, KeycloakGetError

REALM = "python"

connection = KeycloakOpenIDConnection(
    server_url=sys.argv[1], username="admin", password="admin", realm_name="master", user_realm_name="master", client_id="admin-cli"
)
kc = KeycloakAdmin(connection=connection)
ids = {}
steps = []


def step(run):
    steps.append(run)
    return run


def names(found):
    return sorted(o.get("name") or o.get("alias") or o.get("clientId") or o.get("username") for o in found)


def gone(call, *args):
    try:
        call(*args)
    except KeycloakGetError as error:
        assert error.response_code == 404, error
        return
    raise AssertionError("still there")


@step
def realms():
    kc.create_realm({"realm": REALM, "enabled": True, "displayName": "Python"})
    kc.update_realm(REALM, {"accessTokenLifespan": 120})
    assert kc.get_realm(REALM)["accessTokenLifespan"] == 120
    assert REALM in [r["realm"] for r in kc.get_realms()]
    kc.change_current_realm(REALM)


@step
def clients():
    ids["client"] = kc.create_client({"clientId": "till", "serviceAccountsEnabled": True})
    ids["desk"] = kc.create_client({"clientId": "desk"})
    kc.update_client(ids["client"], {"clientId": "till", "name": "Till"})
    assert kc.get_client(ids["client"])["name"] == "Till"
    assert kc.get_client_id("till") == ids["client"]
    assert "till" in [c["clientId"] for c in kc.get_clients()]
    before = kc.get_client_secrets(ids["client"])["value"]
    assert kc.generate_client_secrets(ids["client"])["value"] != before
    assert kc.get_client_service_account_user(ids["client"])["username"] == "service-account-till"
    assert kc.get_client_installation_provider(ids["client"], "keycloak-oidc-keycloak-json")["resource"] == "till"
    assert kc.get_client_all_sessions(ids["client"]) == []
    assert kc.get_client_sessions_stats() == []


@step
def client_mappers():
    mapper = {"name": "aud", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
              "config": {"included.client.audience": "desk", "access.token.claim": "true"}}
    kc.add_mapper_to_client(ids["client"], mapper)
    (found,) = kc.get_mappers_from_client(ids["client"])
    found["config"]["id.token.claim"] = "true"
    kc.update_client_mapper(ids["client"], found["id"], found)
    assert kc.get_mappers_from_client(ids["client"])[0]["config"]["id.token.claim"] == "true"
    kc.remove_client_mapper(ids["client"], found["id"])
    assert kc.get_mappers_from_client(ids["client"]) == []


@step
def client_roles():
    kc.create_client_role(ids["client"], {"name": "read"})
    kc.update_client_role(ids["client"], "read", {"name": "read", "description": "reads"})
    assert kc.get_client_role(ids["client"], "read")["description"] == "reads"
    kc.create_client_role(ids["client"], {"name": "write"})
    kc.add_composite_client_roles_to_role(ids["client"], "write", [kc.get_client_role(ids["client"], "read")])
    assert names(kc.get_role_composites_by_id(kc.get_client_role_id(ids["client"], "write"))) == ["read"]
    kc.delete_client_role(ids["client"], "write")
    assert names(kc.get_client_roles(ids["client"])) == ["read"]


@step
def client_scopes():
    ids["scope"] = kc.create_client_scope({"name": "billing", "protocol": "openid-connect"})
    kc.update_client_scope(ids["scope"], {"name": "billing", "description": "Bills", "protocol": "openid-connect"})
    assert kc.get_client_scope(ids["scope"])["description"] == "Bills"
    assert kc.get_client_scope_by_name("billing")["id"] == ids["scope"]
    kc.add_mapper_to_client_scope(ids["scope"], {"name": "m", "protocol": "openid-connect",
                                                 "protocolMapper": "oidc-usermodel-attribute-mapper",
                                                 "config": {"user.attribute": "a", "claim.name": "a"}})
    (mapper,) = kc.get_mappers_from_client_scope(ids["scope"])
    mapper["config"]["claim.name"] = "b"
    kc.update_mapper_in_client_scope(ids["scope"], mapper["id"], mapper)
    kc.delete_mapper_from_client_scope(ids["scope"], mapper["id"])
    kc.add_default_default_client_scope(ids["scope"])
    assert "billing" in names(kc.get_default_default_client_scopes())
    kc.delete_default_default_client_scope(ids["scope"])
    kc.add_default_optional_client_scope(ids["scope"])
    assert "billing" in names(kc.get_default_optional_client_scopes())
    kc.delete_default_optional_client_scope(ids["scope"])
    kc.add_client_default_client_scope(ids["client"], ids["scope"], {})
    assert "billing" in names(kc.get_client_default_client_scopes(ids["client"]))
    kc.delete_client_default_client_scope(ids["client"], ids["scope"])
    kc.add_client_optional_client_scope(ids["client"], ids["scope"], {})
    assert "billing" in names(kc.get_client_optional_client_scopes(ids["client"]))
    kc.delete_client_optional_client_scope(ids["client"], ids["scope"])


@step
def realm_roles():
    kc.create_realm_role({"name": "clerk"})
    kc.create_realm_role({"name": "boss"})
    kc.update_realm_role("clerk", {"name": "clerk", "description": "Does things"})
    clerk = kc.get_realm_role("clerk")
    assert clerk["description"] == "Does things"
    kc.add_composite_realm_roles_to_role("boss", [clerk])
    assert names(kc.get_composite_realm_roles_of_role("boss")) == ["clerk"]
    kc.remove_composite_realm_roles_to_role("boss", [clerk])
    boss = kc.get_realm_role("boss")
    kc.update_role_by_id(boss["id"], {"name": "chief"})
    assert kc.get_role_by_id(boss["id"])["name"] == "chief"
    kc.delete_realm_role("chief")
    gone(kc.get_realm_role, "chief")
    assert "clerk" in names(kc.get_realm_roles())


@step
def scope_mappings():
    clerk, read = kc.get_realm_role("clerk"), kc.get_client_role(ids["client"], "read")
    kc.assign_realm_roles_to_client_scope(ids["desk"], [clerk])
    assert names(kc.get_realm_roles_of_client_scope(ids["desk"])) == ["clerk"]
    kc.delete_realm_roles_of_client_scope(ids["desk"], [clerk])
    kc.assign_client_roles_to_client_scope(ids["desk"], ids["client"], [read])
    assert names(kc.get_client_roles_of_client_scope(ids["desk"], ids["client"])) == ["read"]
    kc.delete_client_roles_of_client_scope(ids["desk"], ids["client"], [read])


@step
def groups():
    ids["group"] = kc.create_group({"name": "sales"})
    child = kc.create_group({"name": "north"}, parent=ids["group"])
    kc.update_group(ids["group"], {"name": "sales", "attributes": {"region": ["eu"]}})
    assert kc.get_group(ids["group"])["attributes"] == {"region": ["eu"]}
    assert kc.get_group_by_path("/sales/north")["id"] == child
    assert names(kc.get_group_children(ids["group"])) == ["north"]
    assert kc.groups_count()["count"] == 2
    kc.assign_group_realm_roles(ids["group"], [kc.get_realm_role("clerk")])
    assert names(kc.get_group_realm_roles(ids["group"])) == ["clerk"]
    assert names(kc.get_realm_role_groups("clerk")) == ["sales"]
    kc.delete_group_realm_roles(ids["group"], [kc.get_realm_role("clerk")])
    read = kc.get_client_role(ids["client"], "read")
    kc.assign_group_client_roles(ids["group"], ids["client"], [read])
    assert names(kc.get_group_client_roles(ids["group"], ids["client"])) == ["read"]
    kc.delete_group_client_roles(ids["group"], ids["client"], [read])
    kc.delete_group(child)
    gone(kc.get_group, child)


@step
def users():
    ids["user"] = kc.create_user({"username": "ann", "email": "ann@example.test", "enabled": True, "firstName": "Ann", "lastName": "A",
                                  "credentials": [{"type": "password", "value": "first-password"}]})
    kc.update_user(ids["user"], {"firstName": "Anne"})
    assert kc.get_user(ids["user"])["firstName"] == "Anne"
    assert kc.get_user_id("ann") == ids["user"]
    assert names(kc.get_users({"search": "ann"})) == ["ann"]
    assert kc.users_count() == 1
    kc.set_user_password(ids["user"], "second-password", temporary=False)
    (credential,) = kc.get_credentials(ids["user"])
    kc.delete_credential(ids["user"], credential["id"])
    kc.disable_user(ids["user"])
    assert kc.get_user(ids["user"])["enabled"] is False
    kc.enable_user(ids["user"])
    kc.group_user_add(ids["user"], ids["group"])
    assert names(kc.get_group_members(ids["group"])) == ["ann"]
    assert names(kc.get_user_groups(ids["user"])) == ["sales"]
    kc.group_user_remove(ids["user"], ids["group"])
    assert kc.get_sessions(ids["user"]) == []
    assert kc.user_consents(ids["user"]) == []
    kc.user_logout(ids["user"])
    assert kc.get_bruteforce_detection_status(ids["user"])["disabled"] is False
    kc.clear_bruteforce_attempts_for_user(ids["user"])
    kc.clear_all_bruteforce_attempts()


@step
def roles_of_a_user():
    clerk, read = kc.get_realm_role("clerk"), kc.get_client_role(ids["client"], "read")
    kc.assign_realm_roles(ids["user"], [clerk])
    assert "clerk" in names(kc.get_realm_roles_of_user(ids["user"]))
    assert "offline_access" in names(kc.get_composite_realm_roles_of_user(ids["user"]))
    assert "clerk" not in names(kc.get_available_realm_roles_of_user(ids["user"]))
    assert names(kc.get_realm_role_members("clerk")) == ["ann"]
    kc.delete_realm_roles_of_user(ids["user"], [clerk])
    kc.assign_client_role(ids["user"], ids["client"], [read])
    assert names(kc.get_client_roles_of_user(ids["user"], ids["client"])) == ["read"]
    assert names(kc.get_client_role_members(ids["client"], "read")) == ["ann"]
    assert kc.get_all_roles_of_user(ids["user"])["clientMappings"]["till"]
    kc.delete_client_roles_of_user(ids["user"], ids["client"], [read])
    assert kc.get_available_client_roles_of_user(ids["user"], ids["client"])


@step
def identity_providers():
    kc.create_idp({"alias": "other", "providerId": "oidc", "config": {
        "clientId": "c", "clientSecret": "s", "authorizationUrl": "https://id.example/a", "tokenUrl": "https://id.example/t"}})
    other = kc.get_idp("other")
    other["displayName"] = "Other"
    kc.update_idp("other", other)
    assert names(kc.get_idps()) == ["other"]
    kc.add_mapper_to_idp("other", {"name": "m", "identityProviderAlias": "other", "identityProviderMapper": "hardcoded-attribute-idp-mapper",
                                   "config": {"attribute": "a", "attribute.value": "1"}})
    (mapper,) = kc.get_idp_mappers("other")
    mapper["config"]["attribute.value"] = "2"
    kc.update_mapper_in_idp("other", mapper["id"], mapper)
    assert kc.get_idp_mappers("other")[0]["config"]["attribute.value"] == "2"
    kc.add_user_social_login(ids["user"], "other", "1", "a")
    assert len(kc.get_user_social_logins(ids["user"])) == 1
    kc.delete_user_social_login(ids["user"], "other")
    kc.delete_idp("other")
    assert kc.get_idps() == []


@step
def components_and_keys():
    parent = kc.get_realm(REALM)["id"]
    made = kc.create_component({"name": "ec", "parentId": parent, "providerId": "ecdsa-generated",
                                "providerType": "org.keycloak.keys.KeyProvider", "config": {"priority": ["50"]}})
    component = kc.get_component(made)
    component["config"]["priority"] = ["60"]
    kc.update_component(made, component)
    assert kc.get_component(made)["config"]["priority"] == ["60"]
    assert "ES256" in [k.get("algorithm") for k in kc.get_keys()["keys"]]
    kc.delete_component(made)
    assert "ec" not in names(kc.get_components({"type": "org.keycloak.keys.KeyProvider"}))


@step
def authentication():
    kc.create_authentication_flow({"alias": "mine", "providerId": "basic-flow", "topLevel": True, "builtIn": False})
    kc.create_authentication_flow_execution({"provider": "auth-otp-form"}, "mine")
    kc.create_authentication_flow_subflow({"alias": "inner", "type": "basic-flow", "provider": "registration-page-form", "description": ""}, "mine")
    execution = kc.get_authentication_flow_executions("mine")[0]
    execution["requirement"] = "REQUIRED"
    kc.update_authentication_flow_executions(execution, "mine")
    assert kc.get_authentication_flow_executions("mine")[0]["requirement"] == "REQUIRED"
    kc.copy_authentication_flow({"newName": "copy"}, "browser")
    kc.delete_authentication_flow_execution(execution["id"])
    flow = next(f for f in kc.get_authentication_flows() if f["alias"] == "mine")
    kc.delete_authentication_flow(flow["id"])
    action = kc.get_required_action_by_alias("UPDATE_PASSWORD")
    action["defaultAction"] = True
    kc.update_required_action("UPDATE_PASSWORD", action)
    assert kc.get_required_action_by_alias("UPDATE_PASSWORD")["defaultAction"] is True


@step
def events_profile_export():
    kc.set_events({"eventsEnabled": True, "adminEventsEnabled": True})
    kc.create_realm_role({"name": "seen"})
    assert len(kc.get_admin_events()) > 0
    assert kc.get_events() == []
    profile = kc.get_realm_users_profile()
    profile["unmanagedAttributePolicy"] = "ENABLED"
    kc.update_realm_users_profile(profile)
    assert kc.get_realm_users_profile()["unmanagedAttributePolicy"] == "ENABLED"
    assert kc.export_realm(export_clients=True, export_groups_and_role=True)["clients"]
    assert kc.partial_import_realm(REALM, {"ifResourceExists": "SKIP", "roles": {"realm": [{"name": "brought"}]}})["added"] == 1
    try:
        kc.create_initial_access_token(2, 60)
    except KeycloakError as error:  # it wants 200, which Keycloak answered before 26
        assert error.response_code == 201 and b"token" in error.response_body, error
    assert kc.get_server_info()["systemInfo"]["version"]


@step
def what_is_deleted_is_gone():
    kc.delete_user(ids["user"])
    gone(kc.get_user, ids["user"])
    kc.delete_group(ids["group"])
    gone(kc.get_group, ids["group"])
    kc.delete_realm_role("clerk")
    kc.delete_client_scope(ids["scope"])
    gone(kc.get_client_scope, ids["scope"])
    kc.delete_client(ids["client"])
    gone(kc.get_client, ids["client"])
    kc.change_current_realm("master")
    kc.delete_realm(REALM)
    gone(kc.get_realm, REALM)


failed = 0
for run in steps:
    try:
        run()
    except (KeycloakError, AssertionError, KeyError, TypeError, ValueError, StopIteration, json.JSONDecodeError):
        failed += 1
        print(run.__name__, traceback.format_exc(), file=sys.stderr)
print(len(steps) - failed, "steps went well")
sys.exit(1 if failed else 0)

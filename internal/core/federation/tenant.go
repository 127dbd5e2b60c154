package federation

import (
	"slices"
	"strings"
)

// shared are issuers that sign for everybody who has an account there, with the claims that say for whom: a
// subject alone could be made to read alike by another tenant, or pass to one with a name that became free.
var shared = map[string][]string{
	"https://token.actions.githubusercontent.com": {"repository_owner_id", "repository_owner", "repository_id", "repository"},
	"https://gitlab.com":                          {"namespace_id", "namespace_path", "project_id", "project_path"},
	"https://accounts.google.com":                 {"hd", "email"},
	"accounts.google.com":                         {"hd", "email"},
	"https://app.terraform.io":                    {"terraform_organization_id", "terraform_organization_name"},
	"https://agent.buildkite.com":                 {"organization_id", "organization_slug"},
	"https://oidc.vercel.com":                     {"owner_id", "owner"},
}

// personalTenant is Microsoft's tenant of everybody's own account.
const personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// tenantClaims are the claims of which a condition must name one, so that an issuer's tokens are those of one
// tenant; none for an issuer that serves one.
func tenantClaims(issuer string) []string {
	issuer = strings.TrimSuffix(strings.ToLower(issuer), "/")
	if claims := shared[issuer]; claims != nil {
		return claims
	}
	for _, host := range []string{"https://login.microsoftonline.com/", "https://sts.windows.net/"} {
		if tenant, ok := strings.CutPrefix(issuer, host); ok {
			tenant, _, _ = strings.Cut(tenant, "/")
			if !tenantID.MatchString(tenant) || tenant == personalTenant {
				return []string{"tid"}
			}
		}
	}
	if strings.Contains(issuer, tenantPlace) {
		return []string{"tid"}
	}
	return nil
}

// checkTenants refuses a provider whose issuer signs for many tenants, where nothing says which of them is
// meant.
func (v *Voucher) checkTenants() error {
	for _, issuer := range v.Issuers {
		claims := tenantClaims(issuer)
		named := func(c Condition) bool { return slices.Contains(claims, c.Claim) }
		if len(claims) > 0 && !slices.ContainsFunc(v.Claims, named) {
			return invalid(SettingClaims, "issuer "+issuer+" signs for many tenants: name the one that is meant by "+strings.Join(claims, ", or "))
		}
	}
	return nil
}

package site_test

import (
	"slices"
	"testing"
)

// requests lists a request for each route that reaches it. A route without one fails the test, so a new page has to
// be added here.
func requests() map[string]string {
	return map[string]string{
		"GET /auth/sign-in":                             "/auth/sign-in",
		"GET /auth/link/{link}":                         "/auth/link/none",
		"POST /auth/link/{link}":                        "/auth/link/none",
		"GET /auth/with/slack":                          "/auth/with/slack",
		"GET /auth/with/slack/back":                     "/auth/with/slack/back",
		"GET /auth/with/microsoft":                      "/auth/with/microsoft",
		"GET /auth/with/microsoft/back":                 "/auth/with/microsoft/back?code=x&state=y",
		"GET /auth/with/oidc":                           "/auth/with/oidc",
		"GET /auth/with/oidc/back":                      "/auth/with/oidc/back?error=access_denied",
		"GET /auth/tab":                                 "/auth/tab?to=inbox",
		"POST /auth/tab":                                "/auth/tab",
		"POST /auth/sign-out":                           "/auth/sign-out",
		"POST /auth/sign-out-everywhere":                "/auth/sign-out-everywhere",
		"GET /settings/first-steps":                     "/settings/first-steps",
		"GET /settings/first-steps/slack-manifest.json": "/settings/first-steps/slack-manifest.json",
		"GET /settings/first-steps/teams-app.zip":       "/settings/first-steps/teams-app.zip",
		"POST /settings/first-steps/slack":              "/settings/first-steps/slack",
		"POST /settings/first-steps/teams":              "/settings/first-steps/teams",
		"POST /settings/first-steps/disconnect":         "/settings/first-steps/disconnect",
		"GET /settings/first-steps/members":             "/settings/first-steps/members?team=Support&chat=slack",
		"POST /settings/first-steps/members":            "/settings/first-steps/members",
		"POST /settings/first-steps/agents":             "/settings/first-steps/agents",
		"POST /settings/first-steps/team":               "/settings/first-steps/team",
		"GET /settings":                                 "/settings",
		"GET /settings/accounts":                        "/settings/accounts",
		"GET /settings/accounts/{name}":                 "/settings/accounts/support-mail",
		"POST /settings/accounts/{name}":                "/settings/accounts/support-mail",
		"POST /settings/accounts/{name}/pause":          "/settings/accounts/support-mail/pause",
		"POST /settings/accounts/{name}/take-out":       "/settings/accounts/support-mail/take-out",
		"GET /settings/new-account/{kind}":              "/settings/new-account/email",
		"POST /settings/new-account/{kind}":             "/settings/new-account/email",
		"GET /settings/dashboard":                       "/settings/dashboard",
		"GET /settings/dashboard/longest":               "/settings/dashboard/longest",
		"GET /settings/dashboard/figures.csv":           "/settings/dashboard/figures.csv",
		"GET /settings/add-mailbox":                     "/settings/add-mailbox",
		"POST /settings/add-mailbox":                    "/settings/add-mailbox",
		"POST /settings/add-mailbox/servers":            "/settings/add-mailbox/servers",
		"POST /settings/add-mailbox/provider":           "/settings/add-mailbox/provider",
		"GET /settings/mailboxes/return":                "/settings/mailboxes/return?state=made-up",
		"POST /settings/accounts/{name}/connect":        "/settings/accounts/support-mail/connect",
		"POST /settings/accounts/{name}/test":           "/settings/accounts/support-mail/test",
		"POST /settings/accounts/{name}/webhook":        "/settings/accounts/none/webhook",
		"GET /settings/help/{page}":                     "/settings/help/signing-in.md",

		"GET /settings/add-whatsapp":          "/settings/add-whatsapp",
		"POST /settings/add-whatsapp/sign-up": "/settings/add-whatsapp/sign-up",
		"GET /settings/add-whatsapp/return":   "/settings/add-whatsapp/return?state=made-up&code=x",
		"GET /settings/add-whatsapp/numbers":  "/settings/add-whatsapp/numbers",
		"POST /settings/add-whatsapp/numbers": "/settings/add-whatsapp/numbers",
		"GET /settings/add-number/{kind}":     "/settings/add-number/whatsapp",
		"POST /settings/add-number/{kind}":    "/settings/add-number/sms",

		"GET /settings/customers":              "/settings/customers?words=lamps&after=1",
		"GET /settings/customers/{id}":         "/settings/customers/new",
		"POST /settings/customers/{id}":        "/settings/customers/1",
		"POST /settings/customers/{id}/note":   "/settings/customers/1/note",
		"POST /settings/customers/{id}/remove": "/settings/customers/1/remove",
		"GET /settings/customers-file":         "/settings/customers-file",
		"POST /settings/customers-file":        "/settings/customers-file",
		"POST /settings/customers-file/undo":   "/settings/customers-file/undo",
		"GET /settings/customers.csv":          "/settings/customers.csv",

		"GET /settings/log":                         "/settings/log?who=1&what=resolved&conversation=%2312&from=2026-01-01&until=2026-02-01",
		"GET /settings/log.csv":                     "/settings/log.csv",
		"GET /settings/erase":                       "/settings/erase?contact=nobody",
		"GET /settings/erase/contact/{id}":          "/settings/erase/contact/1",
		"POST /settings/erase/contact/{id}":         "/settings/erase/contact/1",
		"GET /settings/erase/contact/{id}/export":   "/settings/erase/contact/1/export",
		"POST /settings/erase/go-on/{erasure}":      "/settings/erase/go-on/none",
		"GET /settings/erase/certificate/{erasure}": "/settings/erase/certificate/none",
		"GET /settings/tokens":                      "/settings/tokens",
		"POST /settings/tokens":                     "/settings/tokens",
		"POST /settings/tokens/{id}/revoke":         "/settings/tokens/1/revoke",
		"GET /api/v1/figures.csv":                   "/api/v1/figures.csv",
		"GET /api/v1/log.csv":                       "/api/v1/log.csv",
		"GET /api/v1/setup":                         "/api/v1/setup",
		"PUT /api/v1/setup":                         "/api/v1/setup",
		"GET /settings/health":                      "/settings/health",
		"POST /settings/health":                     "/settings/health",
		"GET /settings/retention":                   "/settings/retention",
		"POST /settings/retention":                  "/settings/retention",
		"GET /settings/stuck":                       "/settings/stuck",
		"POST /settings/stuck/{delivery}/decide":    "/settings/stuck/1/decide",
		"POST /settings/stuck/{event}/replay":       "/settings/stuck/1/replay",
		"POST /settings/stuck/{event}/drop":         "/settings/stuck/1/drop",
		"GET /settings/blocked":                     "/settings/blocked",
		"POST /settings/blocked/{sender}/unblock":   "/settings/blocked/1/unblock",

		"GET /inbox":             "/inbox?list=unassigned",
		"POST /inbox":            "/inbox",
		"GET /inbox/live":        "/inbox/live?conversation=99",
		"GET /inbox/{id}":        "/inbox/99",
		"POST /inbox/{id}":       "/inbox/99",
		"POST /inbox/{id}/reply": "/inbox/99/reply",
		"GET /inbox/{id}/pictures/{message}/{index}": "/inbox/99/pictures/1/0",
		"GET /inbox/{id}/files/{message}/{index}":    "/inbox/99/files/1/0",

		"GET /settings/company":  "/settings/company",
		"POST /settings/company": "/settings/company",

		"GET /settings/accounts/{name}/hours":  "/settings/accounts/support-mail/hours",
		"POST /settings/accounts/{name}/hours": "/settings/accounts/support-mail/hours",

		"GET /settings/roles":                              "/settings/roles",
		"POST /settings/roles":                             "/settings/roles",
		"GET /settings/accounts/{name}/people":             "/settings/accounts/support-mail/people",
		"POST /settings/accounts/{name}/people":            "/settings/accounts/support-mail/people",
		"GET /settings/accounts/{name}/addresses":          "/settings/accounts/support-mail/addresses",
		"POST /settings/accounts/{name}/addresses":         "/settings/accounts/support-mail/addresses",
		"GET /settings/accounts/{name}/rules":              "/settings/accounts/support-mail/rules",
		"POST /settings/accounts/{name}/rules":             "/settings/accounts/support-mail/rules",
		"POST /settings/accounts/{name}/rules/try":         "/settings/accounts/support-mail/rules/try",
		"GET /settings/accounts/{name}/rules/{rule}":       "/settings/accounts/support-mail/rules/new",
		"POST /settings/accounts/{name}/rules/{rule}":      "/settings/accounts/support-mail/rules/1",
		"POST /settings/accounts/{name}/rules/{rule}/move": "/settings/accounts/support-mail/rules/1/move",

		"GET /settings/accounts/{name}/automatic":  "/settings/accounts/support-mail/automatic",
		"POST /settings/accounts/{name}/automatic": "/settings/accounts/support-mail/automatic",

		"GET /settings/accounts/{name}/replies":  "/settings/accounts/support-mail/replies",
		"POST /settings/accounts/{name}/replies": "/settings/accounts/support-mail/replies",
		"GET /settings/me":                       "/settings/me",
		"POST /settings/me":                      "/settings/me",

		"GET /settings/templates":                  "/settings/templates",
		"GET /settings/templates/{name}":           "/settings/templates/shop%2Fen%2FHello",
		"POST /settings/templates/{name}":          "/settings/templates/shop%2Fen%2FHello",
		"POST /settings/templates/{name}/take-out": "/settings/templates/shop%2Fen%2FHello/take-out",
		"GET /settings/new-template":               "/settings/new-template",
		"POST /settings/new-template":              "/settings/new-template",

		"GET /settings/ai":            "/settings/ai",
		"POST /settings/ai":           "/settings/ai",
		"POST /settings/ai/knowledge": "/settings/ai/knowledge",
		"POST /settings/ai/try":       "/settings/ai/try",

		"GET /settings/agents":                  "/settings/agents",
		"GET /settings/agents/{name}":           "/settings/agents/ben@acme.test",
		"POST /settings/agents/{name}":          "/settings/agents/ben@acme.test",
		"POST /settings/agents/{name}/take-out": "/settings/agents/ben@acme.test/take-out",
		"GET /settings/new-agent":               "/settings/new-agent",
		"POST /settings/new-agent":              "/settings/new-agent",

		"GET /settings/teams":                  "/settings/teams",
		"GET /settings/teams/{name}":           "/settings/teams/Support",
		"POST /settings/teams/{name}":          "/settings/teams/Support",
		"POST /settings/teams/{name}/take-out": "/settings/teams/Support/take-out",
		"GET /settings/new-team":               "/settings/new-team",
		"POST /settings/new-team":              "/settings/new-team",

		"GET /settings/canned-replies":                  "/settings/canned-replies",
		"GET /settings/canned-replies/{name}":           "/settings/canned-replies/delay",
		"POST /settings/canned-replies/{name}":          "/settings/canned-replies/delay",
		"POST /settings/canned-replies/{name}/take-out": "/settings/canned-replies/delay/take-out",
		"GET /settings/automations":                     "/settings/automations",
		"GET /settings/automations/{name}":              "/settings/automations/Mornings",
		"POST /settings/automations/{name}":             "/settings/automations/Mornings",
		"POST /settings/automations/{name}/take-out":    "/settings/automations/Mornings/take-out",
		"GET /settings/new-canned-reply":                "/settings/new-canned-reply",
		"POST /settings/new-canned-reply":               "/settings/new-canned-reply",
		"GET /settings/new-automation":                  "/settings/new-automation",
		"POST /settings/new-automation":                 "/settings/new-automation",
		"GET /settings/tags":                            "/settings/tags",
		"GET /settings/tags/{name}":                     "/settings/tags/Billing",
		"POST /settings/tags/{name}":                    "/settings/tags/Billing",
		"POST /settings/tags/{name}/take-out":           "/settings/tags/Billing/take-out",
		"GET /settings/new-tag":                         "/settings/new-tag",
		"POST /settings/new-tag":                        "/settings/new-tag",
	}
}

// Each route has a request in the list of requests, and each of these requests has a route.
func TestRequestsReachEveryRoute(t *testing.T) {
	t.Parallel()
	var routes []string
	for _, route := range startRanks(t).Pages.Routes() {
		routes = append(routes, route.Pattern)
	}

	for _, pattern := range routes {
		if requests()[pattern] == "" {
			t.Errorf("the list of requests has none for the route %s", pattern)
		}
	}

	for pattern := range requests() {
		if !slices.Contains(routes, pattern) {
			t.Errorf("the list of requests has one for %s, which is no route", pattern)
		}
	}
}

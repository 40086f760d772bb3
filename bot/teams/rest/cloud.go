package rest

import (
	"net/url"
	"slices"
	"strings"
)

// BotFramework returns what the Bot Framework calls itself in the cloud to which one of Microsoft's addresses belongs: it
// is the issuer of the tokens in its requests, and, with "/.default", the scope of those that it takes. No address means
// the public cloud.
// Source: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication, and
// …/how-to-deploy-gov-cloud-high there, read 2026-11.
func BotFramework(address string) string {
	if _, ok := governmentHost(address); ok {
		return "https://api.botframework.us"
	}
	return "https://api.botframework.com"
}

// GraphScope returns the scope of the tokens that Microsoft Graph takes at an address.
// Source: learn.microsoft.com/graph/deployments, read 2026-11.
func GraphScope(address string) string {
	if host, ok := governmentHost(address); ok {
		return "https://" + host + "/.default"
	}
	return "https://graph.microsoft.com/.default"
}

// ClientHost returns the host at which people open Teams in the government's cloud to which an address of Microsoft Graph
// belongs; "" in the public cloud.
// Source: the hosts that Microsoft's own library takes for Teams' (@microsoft/teams-js 2.58).
func ClientHost(graph string) string {
	host, ok := governmentHost(graph)
	if !ok {
		return ""
	}
	if strings.HasPrefix(host, "dod-") {
		return "dod.teams.microsoft.us"
	}
	return "gov.teams.microsoft.us"
}

// governmentHost returns the host of an address, and reports whether it is of Microsoft's clouds for the government of the
// United States.
func governmentHost(address string) (host string, ok bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	host = strings.ToLower(u.Hostname())
	ok = slices.ContainsFunc([]string{"microsoftonline.us", "botframework.azure.us", "microsoft.us"}, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
	return host, ok
}

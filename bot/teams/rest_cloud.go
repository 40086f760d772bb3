package teams

import (
	"net/url"
	"slices"
	"strings"
)

// Microsoft runs separate clouds for the government of the United States, with hosts of their own. Most organisations
// are in the public cloud. This file derives from the address of one service which cloud is meant, and so how other
// services are reached there: from https://graph.microsoft.us, that people open Teams at gov.teams.microsoft.us.

// BotFramework returns the identifier of the Bot Framework in the cloud to which an address of Microsoft belongs. It is
// the issuer of the tokens that Teams sends. With "/.default" appended, it is the scope of the tokens that Teams
// accepts. "" means the public cloud.
// Source: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication, and
// …/how-to-deploy-gov-cloud-high there, read 2026-11.
func BotFramework(address string) string {
	if _, ok := governmentHost(address); ok {
		return "https://api.botframework.us"
	}
	return "https://api.botframework.com"
}

// GraphScope returns the scope of the tokens that Microsoft Graph accepts at an address.
// Source: learn.microsoft.com/graph/deployments, read 2026-11.
func GraphScope(address string) string {
	if host, ok := governmentHost(address); ok {
		return "https://" + host + "/.default"
	}
	return "https://graph.microsoft.com/.default"
}

// ClientHost returns the host at which people open Teams in the government cloud to which an address of Microsoft Graph
// belongs; "" for the public cloud.
// Source: the hosts that Microsoft's own library trusts (@microsoft/teams-js 2.58).
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

// governmentHost returns the host of an address, and reports whether it is in one of the government clouds.
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

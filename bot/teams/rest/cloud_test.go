package rest_test

import (
	"testing"

	"parley/bot/teams/rest"
)

// The addresses that an admin sets say in which of Microsoft's clouds the bot lives, and so for whom its tokens must be.
func TestClouds(t *testing.T) {
	t.Parallel()
	const publicBot, publicGraph = "https://api.botframework.com", "https://graph.microsoft.com/.default"
	for address, want := range map[string]struct{ bot, graph string }{
		"":                                    {publicBot, publicGraph},
		"https://login.microsoftonline.com":   {publicBot, publicGraph},
		"http://127.0.0.1:4000/graph/v1.0":    {publicBot, publicGraph},
		"https://evilmicrosoft.us":            {publicBot, publicGraph},
		"https://login.microsoftonline.us":    {"https://api.botframework.us", "https://login.microsoftonline.us/.default"},
		"https://graph.microsoft.us/v1.0":     {"https://api.botframework.us", "https://graph.microsoft.us/.default"},
		"https://DoD-Graph.microsoft.us/v1.0": {"https://api.botframework.us", "https://dod-graph.microsoft.us/.default"},
		"https://login.botframework.azure.us/v1/.well-known/openidconfiguration": {"https://api.botframework.us", "https://login.botframework.azure.us/.default"},
	} {
		if bot, graph := rest.BotFramework(address), rest.GraphScope(address); bot != want.bot || graph != want.graph {
			t.Errorf("%q is of %s and %s, want %+v", address, bot, graph, want)
		}
	}
}

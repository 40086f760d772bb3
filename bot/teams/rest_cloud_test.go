package teams_test

import (
	"testing"

	"parley/bot/teams"
)

// The addresses that an admin sets say in which of Microsoft's clouds the bot lives, and so for whom its tokens must be.
func TestClouds(t *testing.T) {
	t.Parallel()
	type audience struct{ bot, graph string }
	public := audience{bot: "https://api.botframework.com", graph: "https://graph.microsoft.com/.default"}
	const governmentBot = "https://api.botframework.us"
	for address, want := range map[string]audience{
		"":                                    public,
		"https://login.microsoftonline.com":   public,
		"http://127.0.0.1:4000/graph/v1.0":    public,
		"https://evilmicrosoft.us":            public,
		"https://login.microsoftonline.us":    {bot: governmentBot, graph: "https://login.microsoftonline.us/.default"},
		"https://graph.microsoft.us/v1.0":     {bot: governmentBot, graph: "https://graph.microsoft.us/.default"},
		"https://DoD-Graph.microsoft.us/v1.0": {bot: governmentBot, graph: "https://dod-graph.microsoft.us/.default"},
		"https://login.botframework.azure.us/v1/.well-known/openidconfiguration": {bot: governmentBot, graph: "https://login.botframework.azure.us/.default"},
	} {
		if got := (audience{bot: teams.BotFramework(address), graph: teams.GraphScope(address)}); got != want {
			t.Errorf("%q: tokens are for %+v, want %+v", address, got, want)
		}
	}
}

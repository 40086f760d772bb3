package slack

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"parley/channels"
)

// Check returns the findings about Slack that `parley doctor` prints: whether the tokens work and have all scopes, and
// whether the app is a member of the channels in which conversations are shown. It changes nothing in Slack.
func (s *Surface) Check(ctx context.Context) []channels.Finding {
	home, found := s.Identify(ctx)
	if home == "" {
		return found
	}
	list, err := s.desk.Channels(ctx)
	if err != nil {
		return append(found, channels.Fault("channels", err.Error(), "Try again."))
	}
	for _, id := range list {
		found = append(found, s.checkChannel(ctx, id))
	}
	return found
}

// Identify implements bridge.Identified. It checks the tokens and their scopes. home is the id of the workspace, or ""
// if the bot token doesn't work.
func (s *Surface) Identify(ctx context.Context) (home string, found []channels.Finding) {
	auth, err := s.api.AuthTestContext(ctx)
	if err != nil {
		return "", []channels.Finding{Finding(err, "bot token", "Slack refused it",
			"Copy the Bot User OAuth Token (xoxb-…) of the app, from OAuth & Permissions (SLACK_BOT_TOKEN).")}
	}

	if isOfOrganisation(auth.TeamID) {
		return "", []channels.Finding{
			channels.Fault("bot token", "is of a whole Enterprise organisation, not of a workspace", OrganisationToken().Hint),
		}
	}
	found = append(found,
		channels.Success("bot token", "belongs to %s in %s", auth.User, auth.Team), checkScopes(auth.Header.Get("X-Oauth-Scopes")))
	if s.opt.AppToken != "" {
		found = append(found, s.checkAppToken(ctx))
	}

	return auth.TeamID, found
}

// appTokens matches app-level tokens, which contain the id of their app: xapp-1-A0123-….
var appTokens = regexp.MustCompile(`^xapp-\d+-A[A-Z0-9]+-`)

// checkAppToken checks the app-level token. It requests the URL of a Socket Mode connection, but doesn't connect. It also
// checks that the token belongs to the same app as the bot token.
func (s *Surface) checkAppToken(ctx context.Context) channels.Finding {
	if _, _, err := s.api.StartSocketModeContext(ctx); err != nil {
		return Finding(err, "app-level token", "Slack refused it", appTokenHint)
	}

	self, err := s.identify(ctx) // without an answer the apps can't be compared
	canCompare := err == nil && self.App != "" && appTokens.MatchString(s.opt.AppToken)
	if canCompare && !strings.Contains(s.opt.AppToken, "-"+self.App+"-") {
		return channels.Fault("app-level token", "belongs to another app than the bot token",
			"Copy both tokens from the pages of the same app. Otherwise what people type reaches nobody.")
	}

	return channels.Success("app-level token", "opens Socket Mode")
}

// checkScopes compares the scopes that Slack has granted with those of our manifest. header is Slack's list of them,
// such as "chat:write, users:read".
func checkScopes(header string) channels.Finding {
	if header == "" {
		return channels.Success("scopes", "Slack didn't tell them")
	}

	granted := strings.Split(strings.ReplaceAll(header, " ", ""), ",")
	missing := slices.DeleteFunc(Scopes(), func(scope string) bool { return slices.Contains(granted, scope) })
	if len(missing) > 0 {
		return channels.Fault("scopes", "missing: "+strings.Join(missing, ", "),
			"Update the app from `parley manifest slack` (with --http if it has request URLs), then reinstall it to the workspace.")
	}

	return channels.Success("scopes", "all that are needed")
}

func (s *Surface) checkChannel(ctx context.Context, id string) channels.Finding {
	info, err := s.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		return Finding(err, "channel "+id, "Slack doesn't show it", "Invite the app there: /invite @Parley")
	}
	what := "channel #" + info.Name
	if info.IsArchived {
		return channels.Fault(what, "is archived", "Unarchive it, or give the team another channel.")
	}
	if !info.IsMember {
		return channels.Fault(what, "the app is not in it", "Invite it there: /invite @Parley")
	}
	return channels.Success(what, "the app is in it")
}

// Reach implements bridge.Reachable: it asks Slack who we are. An answer that refuses that counts, too.
func (s *Surface) Reach(ctx context.Context) error {
	_, err := s.api.AuthTestContext(ctx)
	err = Classify(err)
	var se *channels.SendError
	if !errors.As(err, &se) {
		return err
	}
	switch se.Class {
	case channels.Throttled, channels.BadContent, channels.BadRecipient: // Slack has answered
		return nil
	default:
		return err
	}
}

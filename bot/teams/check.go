package teams

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"parley/channels"
)

// Check returns what `parley doctor` shows about Teams: the state of the app's secret, Teams' keys, the teams that the
// app is in, the channels in which Parley begins threads, and the granted rights. It changes nothing in Teams. For
// example:
//
//	OK     app secret         Entra gives tokens for it
//	OK     team Support       the app is in it
//	Fault  channel #invoices  it is in no team that the app is in. Add the app to its team …
func (s *Surface) Check(ctx context.Context) []channels.Finding {
	found, ok := s.checkIdentity(ctx)
	if !ok {
		return found
	}
	if err := s.org.Notes.Load(ctx); err != nil {
		return append(found, channels.Fault("notes", err.Error(), "Try again."))
	}
	service, err := s.org.Notes.Service(ctx)
	if err != nil {
		return append(found, channels.Fault("installation", "Teams has not been in touch yet",
			"Upload the app's package (parley manifest teams) and add it to a team; "+
				"the messaging endpoint of the Azure Bot must be https://…/teams/messages."))
	}
	return append(append(found, s.checkTeams(ctx, service)...), s.checkChannels(ctx)...)
}

// Identify implements bridge.Identified. It checks only the app's secret, Teams' keys and the right to read files.
// home is the organisation's tenant id; "" if Entra refuses the secret.
func (s *Surface) Identify(ctx context.Context) (home string, found []channels.Finding) {
	found, ok := s.checkIdentity(ctx)
	if !ok {
		return "", found
	}
	return s.org.Tenant, found
}

// checkIdentity checks our secret, the keys that verify Teams' requests, and the right to read files. ok is false if
// we get no token, so that nothing else can be checked.
func (s *Surface) checkIdentity(ctx context.Context) (found []channels.Finding, ok bool) {
	if s.hasNoSecret() {
		none := channels.Success("app secret", "there is none: for trying on this machine only, nobody's identity is checked")
		return []channels.Finding{none}, true
	}
	if _, err := s.fetchToken(ctx); err != nil {
		condition := tokenCondition(err)
		if !errors.Is(err, ErrCredentials) { // for refused credentials, Text includes the reason already
			condition.Text += " " + err.Error()
		}
		return []channels.Finding{channels.Fault("app secret", condition.Text, condition.Hint)}, false
	}
	return []channels.Finding{channels.Success("app secret", "Entra gives tokens for it"), s.checkKeys(ctx), s.checkFiles(ctx)}, true
}

// checkFiles reports whether we may read files that agents attach in channels, so that these reach customers. An admin
// may choose not to grant that right, so a missing right isn't a fault.
func (s *Surface) checkFiles(ctx context.Context) channels.Finding {
	const what = "files of channels"
	rights, known, err := s.org.Graph.Rights(ctx)
	if err != nil {
		return channels.Fault(what, "Entra gives no token for Graph: "+err.Error(), "Try again.")
	}

	text := ""
	right := rights.Files()
	switch {
	case !known:
		text = "Entra doesn't tell whether they may be read"
	case strings.HasSuffix(right, ".Read.All"):
		text = "they may be read (" + right + "): what agents attach reaches customers. Should Graph refuse one all the same, grant " +
			strings.Replace(right, ".Read.", ".ReadWrite.", 1) + ", which its reference names for reading a file by its address"
	case right != "":
		text = "they may be read (" + right + "): what agents attach reaches customers"
	case rights.HasNamedSites():
		text = "they may be read where an admin granted it for the team's site (Sites.Selected)"
	default:
		text = "they may not be read (Files.Read.All, or Sites.Selected): what agents attach doesn't reach customers; pasted pictures do"
	}

	return channels.Success(what, "%s", text)
}

func (s *Surface) checkKeys(ctx context.Context) channels.Finding {
	if err := s.check.Keys(ctx); err != nil {
		return channels.Fault("key server", err.Error(),
			"Let this machine reach login.botframework.com: without its keys no request of Teams can be checked.")
	}
	return channels.Success("key server", "the keys that Teams signs with can be read")
}

func (s *Surface) checkTeams(ctx context.Context, service string) []channels.Finding {
	teams := s.org.Notes.Teams()
	if len(teams) == 0 {
		return []channels.Finding{channels.Fault("installation", "the app is in no team", "Add it: in Teams, Manage team, Apps.")}
	}

	var found []channels.Finding
	for _, id := range slices.Sorted(maps.Keys(teams)) {
		details, err := s.org.Bot.Team(ctx, cmp.Or(teams[id].Service, service), id)
		if err != nil {
			what := "team " + NameOf(teams[id].Name, id)
			hint := "Try again in a minute. If it stays so, look whether this machine reaches Teams."
			if IsInaccessible(err) {
				hint = "Add the app to the team again."
			}
			found = append(found, channels.Fault(what, "Teams doesn't show it: "+err.Error(), hint))
			continue
		}

		found = append(found, channels.Success("team "+NameOf(details.Name, id), "the app is in it"))
	}

	return found
}

// checkChannels checks each channel in which Parley begins threads: does it exist, and may its messages be read?
func (s *Surface) checkChannels(ctx context.Context) []channels.Finding {
	list, err := s.opt.Desk.Channels(ctx)
	if err != nil {
		return []channels.Finding{channels.Fault("channels", err.Error(), "Try again.")}
	}

	var found []channels.Finding
	for _, id := range list {
		found = append(found, s.checkChannel(ctx, id))
	}
	return found
}

func (s *Surface) checkChannel(ctx context.Context, id string) channels.Finding {
	if s.isRemoved(id) {
		return channels.Fault("channel "+s.org.ChannelName(id), "the app was taken out of its team", "Add the app to the team again.")
	}

	const size, firstPage = 1, ""
	_, err := s.org.ReadMessages(ctx, id, size, firstPage) // retries while Graph is busy
	s.org.Notes.LearnName(ctx, id)
	what := "channel " + s.org.ChannelName(id)
	switch {
	case err == nil:
		return channels.Success(what, "its messages may be read: plain replies reach customers, and what was missed is found")
	case errors.Is(err, ErrNotGranted):
		return channels.Success(what,
			"its messages may not be read (%s): replies need @Parley reply: …, and what was missed is not found", ReadRight)
	case errors.Is(err, ErrUnlisted), errors.Is(err, ErrNotFound):
		return channels.Fault(what, "it is in no team that the app is in",
			"Add the app to its team (and to the channel, if it is private or shared).")
	default:
		return channels.Fault(what, fmt.Sprintf("it could not be read: %v", err), "Try again.")
	}
}

// isRemoved reports whether the app was removed from a channel's team.
func (s *Surface) isRemoved(channel string) bool {
	c, _ := s.org.Notes.Channel(channel)
	t, _ := s.org.Notes.Team(c.Team)
	return t.Removed
}

// Reach implements bridge.Reachable. It gets an access token and asks Teams for the members of one of our channels. Each
// response shows that Teams is reachable, also a refusal.
func (s *Surface) Reach(ctx context.Context) error {
	if err := s.checkToken(ctx); err != nil {
		return err
	}

	list, err := s.opt.Desk.Channels(ctx)
	if err != nil || len(list) == 0 {
		return nil //nolint:nilerr // without a channel we can't ask, which says nothing about Teams
	}

	_, err = s.directory.Audience(ctx, list[0])
	var failed *Error
	if !errors.As(err, &failed) {
		return nil
	}
	if failed.Status == 0 || failed.Status >= http.StatusInternalServerError {
		return err
	}

	return nil
}

// checkToken checks whether Entra issues us a token. It returns nil if the app has no secret.
func (s *Surface) checkToken(ctx context.Context) error {
	if s.hasNoSecret() {
		return nil
	}
	_, err := s.fetchToken(ctx)
	if !errors.Is(err, ErrCredentials) {
		return err
	}
	c := tokenCondition(err)
	return &channels.SendError{Class: channels.AuthBroken, Text: c.Text, Hint: c.Hint, Cause: err}
}

// Entra is Microsoft's identity service. If it issues no access token, Parley can't post to Teams. The following explains
// to admins why, and what to do. For example, AADSTS7000222 means that the app's secret has expired.

// tokenCondition describes to people why we get no token.
func tokenCondition(err error) channels.Condition {
	if !errors.Is(err, ErrCredentials) {
		return channels.Condition{
			Status: channels.Broken, Text: "Microsoft Teams can't be reached.",
			Hint: "Check the network; Parley keeps trying.",
		}
	}
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok {
		const unknown = ""
		return channels.Condition{Status: channels.Broken, Text: "Microsoft Entra refuses Parley's app.", Hint: entraHint(unknown)}
	}
	return channels.Condition{
		Status: channels.Broken, Text: "Microsoft Entra refuses Parley's app: " + refusal.Text,
		Hint: entraHint(refusal.Number()),
	}
}

// entraHint says what to do about one of Entra's error codes.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes, read 2026-11.
func entraHint(number string) string {
	switch number {
	case "AADSTS7000215": // invalid secret
		return "Give Parley the Value (not the Secret ID) of a client secret of this app (on the page First steps, or TEAMS_APP_PASSWORD); " +
			"if it is lost, make a new one."
	case "AADSTS7000222": // expired secret
		return "Make a new client secret in the app's registration, and give Parley its Value: " +
			"on the page First steps, or as TEAMS_APP_PASSWORD and with a restart."
	case "AADSTS700016", "AADSTS7000229": // no such app in the tenant
		return "Check that TEAMS_APP_ID is the bot's Microsoft App ID, that TEAMS_TENANT_ID is its App Tenant ID, " +
			"and that it is of the type Single Tenant."
	case "AADSTS90002", "AADSTS900023": // no such tenant
		return "Give Parley (TEAMS_TENANT_ID) the App Tenant ID of the bot's Configuration page."
	}
	return "Check TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_TENANT_ID: the secret may have ended."
}

package teams

import (
	"errors"

	"parley/channels"
)

// Entra is Microsoft's identity service. If it issues no access token, Parley can't post to Teams. This file explains
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

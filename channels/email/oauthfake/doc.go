// Package oauthfake emulates the OAuth 2.0 servers of Google and Microsoft, through which a person lets a program read
// and send her mail: the consent page and the token endpoint. It refuses what the real
// servers refuse, with the same messages, and fails on request (see Fault).
//
//	google := oauthfake.New(oauthfake.Options{Provider: oauthfake.Google, ClientID: "id", ClientSecret: "secret"})
//	err := google.Start("")       // then google.AuthURL(), google.TokenURL()
//	back, err := google.SignIn(ctx, link, "help@acme.test")   // what a person's browser would do
//
// Checked by hand with openid-client 6.9.0 on Node 20: consents, codes with PKCE and nonce, refreshed tokens, refusals, with the
// secret in the form and by Basic authentication.
//
// It contains no code of Parley. The emulated mail server (mailfake) checks access tokens with Server.Accepts.
package oauthfake

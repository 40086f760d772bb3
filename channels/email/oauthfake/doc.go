// Package oauthfake stands in for Google's and Microsoft's sign-in of people who let a program read and send their
// mail: the page on which a person consents, the endpoint that hands out tokens and refreshes them, and consents
// that are taken back. It refuses what the real ones refuse, in their words, and breaks on request: see Fault.
//
// What does not belong here: the mail servers that take the tokens (mailfake, whose Options.CheckToken asks Accepts),
// and anything of Parley.
//
//	google := oauthfake.New(oauthfake.Options{Provider: oauthfake.Google, ClientID: "id", ClientSecret: "secret"})
//	err := google.Start("")       // then google.AuthURL(), google.TokenURL()
//	back, err := google.SignIn(ctx, link, "help@acme.test")   // what a person's browser would do
package oauthfake

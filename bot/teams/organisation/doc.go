// Package organisation is what is known of one Microsoft 365 organisation: our app in it, with the clients that
// call Teams and Graph; the teams and channels that Teams' events named (Notebook), whose notes outlive a restart
// and are shared by replicas; who its people are (People); and which channels may be read. It makes of a message
// that Graph gives the activity that Teams would have sent (ActivityOf, PayloadOf), so that both are read alike.
//
// What does not belong here: when something is asked, and what is done with it (bot/teams); what is stored of it
// (bot/teams/fact); the calls themselves (bot/teams/connector, bot/teams/graph).
package organisation

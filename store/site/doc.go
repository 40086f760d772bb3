// Package site stores what only the settings site needs: the sessions of people who are signed in, links that sign
// an admin in once, the changes that were made to the set-up, and a stamp that differs after each change.
//
// What does not belong here: the set-up itself (package store), and who may see which page (bot/web).
package site

// Package site keeps what the settings site needs of its own: who is signed in, links that sign an admin in
// once, what was changed in the set-up, and whether anything was.
//
// What does not belong here: what is set up (package store); who may see which page (bot/web).
package site

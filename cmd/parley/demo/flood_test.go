package demo

import (
	"testing"

	"parley/store/storetest"
)

var check = storetest.Check

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }

package site_test

import (
	"os"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

func TestMain(m *testing.M) { os.Exit(sitetest.Main(m)) }

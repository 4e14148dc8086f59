package deps

import "testing"

func TestX(t *testing.T) {}

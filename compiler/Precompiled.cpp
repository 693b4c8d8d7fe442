// Precompiled.cpp - holds the precompiled header that the stages reuse.

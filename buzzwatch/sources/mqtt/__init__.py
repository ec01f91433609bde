"""MQTT brokers; `adapter` is what hears."""

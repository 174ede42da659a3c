"""The first day: what can be proposed before anybody has stamped or declared anything."""

"""stub"""
def main(): pass

import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/esm", "dist/cjs", "dist/test", "dist/runner/out", "src/gen"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: ["./tsconfig.json", "./tsconfig.test.json", "./tsconfig.runner.json"], tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Loops stay within bounds, which noUncheckedIndexedAccess can't see.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Numbers in sentences are what they look like.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // A call that gives nothing, as the body of an arrow function, is what callbacks look like.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      // An empty address, like an empty variable of the environment, is none.
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true, boolean: true } }],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // node:test gives promises that needn't be awaited.
      "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: ["test", "suite", "describe", "it"] }] }],
    },
  },
);

// Only what Biome cannot do: rules that need types, and limits of size. Style and format are Biome's.
import tseslint from "typescript-eslint";

const typeAware = {
  files: ["**/*.ts"],
  languageOptions: {
    parser: tseslint.parser,
    parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
  },
  linterOptions: { reportUnusedDisableDirectives: "error" },
  plugins: { "@typescript-eslint": tseslint.plugin },
  rules: {
    "@typescript-eslint/no-floating-promises": "error",
    "@typescript-eslint/no-misused-promises": "error",
    "@typescript-eslint/switch-exhaustiveness-check": "error",
  },
};

const anyLeaks = {
  "@typescript-eslint/no-unsafe-argument": "error",
  "@typescript-eslint/no-unsafe-assignment": "error",
  "@typescript-eslint/no-unsafe-call": "error",
  "@typescript-eslint/no-unsafe-member-access": "error",
  "@typescript-eslint/no-unsafe-return": "error",
};

const sizes = {
  "max-lines": ["error", { max: 300 }],
  "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
  "max-params": ["error", { max: 4 }],
};

const typedErrors = {
  "no-restricted-syntax": [
    "error",
    {
      selector: ":matches(NewExpression, CallExpression)[callee.name='Error']",
      message: "Throw one of the kinds in src/errors.ts: a caller branches on its code, not on its words.",
    },
  ],
};

export default [
  { ignores: ["dist/", "coverage/"] },
  typeAware,
  { files: ["src/**/*.ts"], rules: { ...anyLeaks, ...sizes, ...typedErrors } },
];
